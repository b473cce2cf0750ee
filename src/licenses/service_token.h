// What a player shows to a DRM service itself: a token, good for a few minutes, that says which keys this
// play may have. Signed with the secret that the service gave us; the player sends it in a header of its
// license request, to the service's own address.
// Flow:   GET /license/SYSTEM/token (after the gatekeeper) -> headers() -> player -> service; or, for players
//         that send no headers, routes -> headers() -> LicenseServices
// Thread: any, constant after start.
// Limits: kServiceTokenLife, kServiceLicenseLife, kTokenKidsMax of the caller.
// Spec:   RFC 7515 and 7519 (HS256, HS512); Axinom's license service message 1 with entitlement message 2;
//         DASH-IF IOP 5 part 6 (a JWT as bearer); DRMtoday's custom data and upfront authorisation.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "base/random.h"
#include "drm/content_key.h"
#include "licenses/system.h"

namespace butai::licenses {

enum class TokenForm : std::uint8_t { None, Axinom, Jwt, DrmToday };

struct TokenSettings {
  TokenForm form = TokenForm::None;
  std::string key;       // base64: what signs
  std::string key_id;    // Axinom's com_key_id; `kid` of the others
  std::string merchant;  // DRMtoday's
  std::string audience;  // `aud` of a JWT; may be empty
};

struct TokenGround {
  System system = System::Widevine;
  std::string play;  // its id: all that a service hears of the viewer
  std::string channel;
  std::vector<media::KeyId> kids;  // what may be given
};

class ServiceTokens {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;  // name, value

  // Refuses settings that cannot sign, with a sentence.
  static Expected<ServiceTokens> make(const TokenSettings& settings, const Clock& clock,
                                      Random& random);

  bool any() const { return settings_.form != TokenForm::None; }
  // What a license request carries. Each is made anew and differs from all others.
  Headers headers(const TokenGround& ground) const;

 private:
  ServiceTokens(TokenSettings settings, std::string key, const Clock& clock, Random& random)
      : settings_(std::move(settings)), key_(std::move(key)), clock_(&clock), random_(&random) {}

  std::string axinom(const TokenGround& ground) const;
  std::string jwt(const TokenGround& ground) const;
  std::string upfront(const TokenGround& ground) const;
  std::string unique() const;

  TokenSettings settings_;
  std::string key_;  // bytes
  const Clock* clock_;
  Random* random_;
};

}  // namespace butai::licenses
