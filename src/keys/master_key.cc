#include "keys/master_key.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "drm/text.h"
#include "store/files.h"

namespace butai::keys {
namespace {

constexpr std::size_t kNonce = 12, kTag = 16;  // bytes

using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

Context make_context() { return {EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free}; }

std::string_view trimmed(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

MasterKey::~MasterKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Expected<MasterKey> MasterKey::parse(std::string_view text) {
  text = trimmed(text);
  const auto first = drm::from_uuid(text.substr(0, std::min<std::size_t>(32, text.size())));
  const auto second = text.size() == 64 ? drm::from_uuid(text.substr(32)) : decltype(first){};
  if (!first || !second) {
    return problem("a master key is 64 hexadecimal digits; make one with: openssl rand -hex 32");
  }
  MasterKey key;
  std::ranges::copy(*first, key.bytes_.begin());
  std::ranges::copy(*second, key.bytes_.begin() + 16);
  return key;
}

std::string MasterKey::id() const {
  constexpr std::string_view kPurpose = "butai master key id";
  std::vector<std::uint8_t> named(kPurpose.begin(), kPurpose.end());
  named.insert(named.end(), bytes_.begin(), bytes_.end());
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(named.data(), named.size(), digest.data());
  OPENSSL_cleanse(named.data(), named.size());
  return drm::to_hex(ByteView(digest).first(8));
}

std::string MasterKey::wrap(const drm::KeyBytes& key, std::string_view name, Random& random) const {
  std::vector<std::uint8_t> out(kNonce + drm::KeyBytes::kSize + kTag);
  random.fill(std::span(out).first(kNonce));
  const Context context = make_context();
  std::uint8_t* const cipher = out.data() + kNonce;
  int written = 0;
  EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_.data(), out.data());
  EVP_EncryptUpdate(context.get(), nullptr, &written, as_bytes(name).data(),
                    static_cast<int>(name.size()));
  EVP_EncryptUpdate(context.get(), cipher, &written, key.view().data(),
                    static_cast<int>(drm::KeyBytes::kSize));
  EVP_EncryptFinal_ex(context.get(), cipher + written, &written);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTag),
                      cipher + drm::KeyBytes::kSize);
  return drm::to_base64(out);
}

std::optional<drm::KeyBytes> MasterKey::unwrap(std::string_view wrapped,
                                               std::string_view name) const {
  auto bytes = drm::from_base64(wrapped);
  if (!bytes || bytes->size() != kNonce + drm::KeyBytes::kSize + kTag) return std::nullopt;
  const Context context = make_context();
  std::uint8_t* const cipher = bytes->data() + kNonce;
  drm::KeyBytes key;
  int written = 0;
  const bool right =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_.data(), bytes->data()) ==
          1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, as_bytes(name).data(),
                        static_cast<int>(name.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), key.fill().data(), &written, cipher,
                        static_cast<int>(drm::KeyBytes::kSize)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTag),
                          cipher + drm::KeyBytes::kSize) == 1 &&
      EVP_DecryptFinal_ex(context.get(), key.fill().data() + written, &written) == 1;
  if (!right) return std::nullopt;
  return key;
}

Expected<MasterKey> load_master_key(const MasterKeySource& source, Random& random) {
  if (!source.text.empty()) return MasterKey::parse(source.text);
  std::string path = source.file;
  if (path.empty()) {
    const std::string folder = source.data_folder + "/keys";
    if (auto made = store::prepare_folder(folder); !made) return std::unexpected(made.error());
    path = folder + "/master";
    std::array<std::uint8_t, kMasterKeyBytes> bytes{};
    random.fill(bytes);
    const std::string text = drm::to_hex(bytes) + "\n";
    if (auto made = store::create_file(path, as_bytes(text)); !made) {
      return std::unexpected(made.error());
    }
  }
  auto text = store::read_file(path, kMasterFileMax);
  if (!text) return std::unexpected(text.error());
  auto key = MasterKey::parse(*text);
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) return problem(fmt::format("{}: {}", path, key.error().sentence));
  return key;
}

}  // namespace butai::keys
