// One identity provider as the operator wrote it down: [[oidc]].
// Thread: values.
#pragma once

#include <string>
#include <vector>

#include "access/key_ring.h"

namespace butai::access::oidc {

struct Settings {
  std::string name;   // of /auth/NAME/…
  std::string label;  // on the button
  std::string issuer;
  std::string client_id, client_secret;
  std::string scope = "openid email profile";
  // HS256 is signed with the client's secret (LINE); the others with the provider's published keys.
  std::vector<Algorithm> algorithms{Algorithm::RS256, Algorithm::ES256};
  enum class ClientAuth : std::uint8_t { Post, Basic } client_auth = ClientAuth::Post;
};

}  // namespace butai::access::oidc
