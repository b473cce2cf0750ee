#include "access/totp.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "access/mac.h"
#include "net/text.h"

namespace butai::access {

std::string totp_code(ByteView secret, std::int64_t step) {
  std::array<std::uint8_t, 8> counter;
  for (std::size_t i = 0; i < counter.size(); ++i) {
    counter[counter.size() - 1 - i] = static_cast<std::uint8_t>(step >> (8 * i));
  }
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac;
  unsigned int size = 0;
  HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(), counter.size(),
       mac.data(), &size);
  // RFC 4226 section 5.3: four bytes from where the last nibble says.
  const std::size_t at = mac.at(size - 1) & 0x0fu;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | mac.at(at + i);
  return fmt::format("{:06}", (number & 0x7fff'ffffu) % 1'000'000u);
}

std::optional<std::int64_t> totp_step_of(ByteView secret, std::string_view code, Utc now) {
  const std::int64_t step = micros_of(now) / Micros(kTotpStep).count();
  std::optional<std::int64_t> found;
  for (const std::int64_t one : {step - 1, step, step + 1}) {
    if (equal_secrets(as_bytes(totp_code(secret, one)), as_bytes(code))) found = one;
  }
  return found;
}

std::string base32(ByteView bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 5; held -= 5) text += kAlphabet[bits >> (held - 5) & 31u];
  }
  if (held > 0) text += kAlphabet[bits << (5 - held) & 31u];
  return text;
}

std::string otpauth_address(ByteView secret, std::string_view issuer, std::string_view account) {
  return fmt::format("otpauth://totp/{0}:{1}?secret={2}&issuer={0}", net::percent_encoded(issuer),
                     net::percent_encoded(account), base32(secret));
}

}  // namespace butai::access
