#include "access/locked.h"

#include <sodium.h>

#include <array>

namespace butai::access {
namespace {
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
}  // namespace

std::string encrypted(const Key32& key, ByteView secret, Random& random) {
  std::vector<std::uint8_t> locked(kNonceBytes + secret.size() + kTagBytes);
  random.fill(std::span(locked).first(kNonceBytes));
  crypto_aead_xchacha20poly1305_ietf_encrypt(locked.data() + kNonceBytes, nullptr, secret.data(),
                                             secret.size(), nullptr, 0, nullptr, locked.data(),
                                             key.data());
  return base64url(locked);
}

std::optional<std::vector<std::uint8_t>> decrypted(const Key32& key, std::string_view text) {
  const auto locked = from_base64url(text);
  if (!locked || locked->size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::vector<std::uint8_t> secret(locked->size() - kNonceBytes - kTagBytes);
  const int wrong = crypto_aead_xchacha20poly1305_ietf_decrypt(
      secret.data(), nullptr, nullptr, locked->data() + kNonceBytes, locked->size() - kNonceBytes,
      nullptr, 0, locked->data(), key.data());
  if (wrong != 0) return std::nullopt;
  return secret;
}

}  // namespace butai::access
