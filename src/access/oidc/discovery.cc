#include "access/oidc/discovery.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "access/jwt.h"
#include "access/strict_json.h"
#include "net/outgoing.h"

namespace butai::access::oidc {

std::string discovery_url(std::string_view issuer) {
  const std::string_view slash = issuer.ends_with('/') ? "" : "/";
  return fmt::format("{}{}.well-known/openid-configuration", issuer, slash);
}

Expected<Metadata> parse_discovery(std::string_view json, std::string_view issuer) {
  const auto document = parse_object(json);
  if (!document) return problem("its description is not a JSON object");
  const auto said = text_member(*document, "issuer");
  if (said != issuer) {
    return problem(fmt::format("it calls itself \"{}\"; write exactly that as issuer",
                               said.value_or("").substr(0, 200)));
  }
  Metadata metadata;
  for (const auto& [name, target] :
       {std::pair{"authorization_endpoint", &metadata.authorization_endpoint},
        std::pair{"token_endpoint", &metadata.token_endpoint},
        std::pair{"jwks_uri", &metadata.jwks_uri}}) {
    *target = text_member(*document, name).value_or("");
    if (!net::check_outgoing_url(*target)) {
      return problem(fmt::format("its {} is missing, or neither https nor on this machine", name));
    }
  }
  const boost::json::value* iss =
      document->if_contains("authorization_response_iss_parameter_supported");
  metadata.iss_in_answer = iss != nullptr && iss->is_bool() && iss->as_bool();
  return metadata;
}

}  // namespace butai::access::oidc
