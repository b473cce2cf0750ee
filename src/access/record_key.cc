#include "access/record_key.h"

#include <sodium.h>

namespace butai::access {
namespace {

constexpr std::string_view kPurpose = "butai records 1";

static_assert(crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64);

}  // namespace

RecordKey::RecordKey(const Secret& secret) {
  Key32 seed = secret.derived(kPurpose);
  crypto_sign_seed_keypair(public_.data(), private_.data(), seed.data());
  sodium_memzero(seed.data(), seed.size());
}

RecordKey::~RecordKey() { sodium_memzero(private_.data(), private_.size()); }

std::string RecordKey::public_key() const { return base64url(public_); }

std::string RecordKey::sign(std::string_view text) const {
  std::array<std::uint8_t, crypto_sign_BYTES> signature{};
  const ByteView bytes = as_bytes(text);
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), private_.data());
  return base64url(signature);
}

bool RecordKey::verifies(std::string_view public_key, std::string_view text,
                         std::string_view signature) {
  const auto key = from_base64url(public_key);
  const auto signed_with = from_base64url(signature);
  if (!key || key->size() != crypto_sign_PUBLICKEYBYTES || !signed_with ||
      signed_with->size() != crypto_sign_BYTES) {
    return false;
  }
  const ByteView bytes = as_bytes(text);
  return crypto_sign_verify_detached(signed_with->data(), bytes.data(), bytes.size(),
                                     key->data()) == 0;
}

}  // namespace butai::access
