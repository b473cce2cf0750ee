// A provider's description of itself.
// Thread: any; pure.
// Spec:   OpenID Connect Discovery 1.0 section 4; RFC 8414.
#pragma once

#include <string>
#include <string_view>

#include "base/problem.h"

namespace butai::access::oidc {

struct Metadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  bool iss_in_answer = false;  // RFC 9207
};

// The document's address.
std::string discovery_url(std::string_view issuer);
// Refuses another issuer's document, and addresses that are neither https nor on this machine.
Expected<Metadata> parse_discovery(std::string_view json, std::string_view issuer);

}  // namespace butai::access::oidc
