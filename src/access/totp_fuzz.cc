// A secret and what somebody types: only this step's code and those beside it are good; a secret reads back from
// base32, and nothing of an account's name gets out of its place in the otpauth address.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "access/totp.h"

namespace {

using namespace butai;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string from_base32(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const bool letter = c >= 'A' && c <= 'Z';
    require(letter || (c >= '2' && c <= '7'));
    bits = bits << 5 | static_cast<std::uint32_t>(letter ? c - 'A' : c - '2' + 26);
    held += 5;
    if (held >= 8) bytes += static_cast<char>(bits >> (held -= 8) & 255u);
  }
  require(held < 5 && (bits & ((1u << held) - 1)) == 0);  // what is left over is padding
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  const std::size_t cut = std::min(text.find('\n'), text.size());
  const std::string_view secret = text.substr(0, cut);
  const std::string_view typed = text.substr(std::min(cut + 1, text.size()));
  constexpr Utc kNow = utc_of(1'234'567'890'000'000);
  constexpr std::int64_t kStep = 1'234'567'890 / 30;

  require(from_base32(access::base32(as_bytes(secret))) == secret);
  if (const auto step = access::totp_step_of(as_bytes(secret), typed, kNow)) {
    require(*step >= kStep - 1 && *step <= kStep + 1);
    require(access::totp_code(as_bytes(secret), *step) == typed && typed.size() == 6);
  }
  const std::string code = access::totp_code(as_bytes(secret), kStep);
  require(code.size() == 6 && code.find_first_not_of("0123456789") == std::string::npos);
  require(access::totp_step_of(as_bytes(secret), code, kNow).has_value());

  const std::string address = access::otpauth_address(as_bytes(secret), "Butai", typed);
  require(address.starts_with("otpauth://totp/Butai:"));
  for (const char c : address) require(c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '#');
  const std::size_t question = address.find('?');
  require(address.find('?', question + 1) == std::string::npos);
  require(address.substr(question) ==
          "?secret=" + access::base32(as_bytes(secret)) + "&issuer=Butai");
  return 0;
}
