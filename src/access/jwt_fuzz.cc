// The verifier must accept only what the test key signed: whatever it accepts is checked again by a
// few lines that share no parser with it.
#include <cstdlib>
#include <memory>
#include <string>

#include "access/credentials.h"
#include "access/plays.h"
#include "access/tickets.h"
#include "access/token_verifier.h"
#include "base/testing/manual_time.h"

namespace {

using namespace butai;
using namespace butai::access;

constexpr std::string_view kSecret = "fuzz-secret-0123456789abcdef0123456789";

// The oracle: HMAC over everything before the last dot, compared as text.
bool signed_by_us(std::string_view token) {
  const std::size_t dot = token.rfind('.');
  if (dot == token.npos) return false;
  const Key32 mac = hmac_sha256(as_bytes(kSecret), as_bytes(token.substr(0, dot)));
  return base64url(mac) == token.substr(dot + 1);
}

void require(bool holds) {
  if (!holds) std::abort();
}

// The input as header and claims under a good signature, so that the parsers behind it are reached.
std::string signed_text(std::string_view text) {
  const std::size_t cut = std::min(text.find('\n'), text.size());
  std::string token = base64url(as_bytes(text.substr(0, cut))) + "." +
                      base64url(as_bytes(text.substr(std::min(cut + 1, text.size()))));
  return token + "." + base64url(hmac_sha256(as_bytes(kSecret), as_bytes(token)));
}

class ZeroRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 0); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const butai::testing::ManualTime time;
  static const Secret secret{std::string(kSecret)};
  static const KeyRing ring(key_of(secret));
  static const TokenVerifier verifier(ring, time, {});
  static ZeroRandom random;
  static const Plays plays(secret, time, random);
  static Tickets tickets(secret, time, random);

  const std::string_view text = as_text({bytes, size});
  if (const auto token = verifier.verify(text)) require(signed_by_us(text));
  if (const auto token = verifier.verify(signed_text(text))) {
    require(is_subject(token->subject));
    require(token->expires + Seconds{30} > time.utc());
  }
  // Nobody guesses 128 bits of MAC.
  require(!plays.verify(text));
  require(!tickets.redeem(text));

  net::Request request;
  request.headers.add("Authorization", std::string(text));
  request.headers.add("Sec-WebSocket-Protocol", std::string(text));
  static_cast<void>(find_credential(request));
  static_cast<void>(parse_jwks(text));
  return 0;
}
