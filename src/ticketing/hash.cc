#include "ticketing/hash.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "access/mac.h"

namespace butai::ticketing {
namespace {

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

std::string hex_sha256(std::string_view text) {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> hash;
  const ByteView bytes = as_bytes(text);
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hex(hash);
}

std::string hex_hmac_sha256(std::string_view key, std::string_view text) {
  return hex(access::hmac_sha256(as_bytes(key), as_bytes(text)));
}

}  // namespace butai::ticketing
