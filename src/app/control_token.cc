#include "app/control_token.h"

#include "access/secret.h"
#include "access/token_minter.h"
#include "base/random.h"

namespace butai::app {

Expected<std::string> control_token(const Config& config, const Place& place) {
  SystemClock clock;
  SystemRandom random;
  const auto secret =
      access::load_secret(config.auth.secret, place.data.empty() ? "data" : place.data, random);
  if (!secret) return std::unexpected(secret.error());
  const access::TokenMinter minter(
      *secret, clock, random, {.audience = config.auth.audience, .issuer = config.auth.issuer});
  return minter.mint("butai-command", {"control"}, Seconds{60});
}

}  // namespace butai::app
