#include "base/digest.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "base/bytes.h"

namespace butai {

std::string hex_sha256(std::string_view text) {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> hash;
  const ByteView bytes = as_bytes(text);
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  std::string hex;
  for (const std::uint8_t byte : hash) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace butai
