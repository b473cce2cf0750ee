#include "drm/cpix_keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <memory>

#include "drm/text.h"

namespace butai::drm {
namespace {

constexpr std::size_t kDocumentKeySize = 32;  // AES-256
constexpr std::size_t kBlock = 16;

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

using Secret = std::vector<std::uint8_t>;
struct Wiped {  // a secret that does not outlive its use
  Secret bytes;
  ~Wiped() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

Expected<Secret> unwrap(EVP_PKEY* key, const Secret& wrapped, std::string_view what) {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key, nullptr), EVP_PKEY_CTX_free);
  std::size_t size = 0;
  if (!context || EVP_PKEY_decrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_decrypt(context.get(), nullptr, &size, wrapped.data(), wrapped.size()) != 1) {
    return problem(fmt::format("{} cannot be unwrapped", what));
  }
  Secret out(size);
  if (EVP_PKEY_decrypt(context.get(), out.data(), &size, wrapped.data(), wrapped.size()) != 1) {
    return problem(fmt::format("{} was not wrapped for our certificate", what));
  }
  out.resize(size);
  return out;
}

bool mac_is_right(const CpixKey& key, const Secret& mac_key) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha512(), mac_key.data(), static_cast<int>(mac_key.size()), key.cipher_value.data(),
       key.cipher_value.size(), mac.data(), &size);
  return key.value_mac.size() == size && CRYPTO_memcmp(key.value_mac.data(), mac.data(), size) == 0;
}

// IV, then AES-256-CBC with PKCS #7 padding.
std::optional<KeyBytes> decrypt(const CpixKey& key, const Secret& document_key) {
  if (key.cipher_value.size() != kBlock + KeyBytes::kSize + kBlock) return std::nullopt;
  const Owned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Wiped plain{Secret(key.cipher_value.size())};
  int first = 0, last = 0;
  const std::uint8_t* cipher = key.cipher_value.data() + kBlock;
  const bool done = EVP_DecryptInit_ex(context.get(), EVP_aes_256_cbc(), nullptr,
                                       document_key.data(), key.cipher_value.data()) == 1 &&
                    EVP_DecryptUpdate(context.get(), plain.bytes.data(), &first, cipher,
                                      static_cast<int>(key.cipher_value.size() - kBlock)) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), plain.bytes.data() + first, &last) == 1;
  if (!done || first + last != static_cast<int>(KeyBytes::kSize)) return std::nullopt;
  KeyBytes out;
  std::copy_n(plain.bytes.begin(), KeyBytes::kSize, out.fill().begin());
  return out;
}

}  // namespace

Expected<void> open_keys(Cpix& cpix, EVP_PKEY* private_key) {
  if (!cpix.delivery || cpix.delivery->document_key.empty() || cpix.delivery->mac_key.empty()) {
    return problem("the answer has encrypted keys but no document key and MAC key");
  }
  auto document_key = unwrap(private_key, cpix.delivery->document_key, "the document key");
  if (!document_key) return std::unexpected(document_key.error());
  const Wiped document{std::move(*document_key)};
  auto mac_key = unwrap(private_key, cpix.delivery->mac_key, "the MAC key");
  if (!mac_key) return std::unexpected(mac_key.error());
  const Wiped mac{std::move(*mac_key)};
  if (document.bytes.size() != kDocumentKeySize) {
    return problem("the document key is not of AES-256");
  }
  for (CpixKey& key : cpix.keys) {
    if (key.cipher_value.empty()) continue;
    if (!mac_is_right(key, mac.bytes)) {
      return problem(fmt::format("the MAC of key {} is wrong", to_uuid(key.kid)));
    }
    key.key = decrypt(key, document.bytes);
    if (!key.key) return problem(fmt::format("key {} cannot be decrypted", to_uuid(key.kid)));
  }
  return {};
}

}  // namespace butai::drm
