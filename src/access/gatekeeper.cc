#include "access/gatekeeper.h"

#include <fmt/format.h>

#include "base/name.h"

namespace butai::access {

Verdict ScopeGatekeeper::may(const net::Principal& principal, Action action,
                             std::string_view channel) const {
  if (!is_name(channel)) return std::unexpected(Refusal::NoSuchChannel);
  const std::optional<Access> rule = rules_.access_of(channel);
  if (action == Action::View && rule == Access::Public) return {};

  const std::string_view verb = action == Action::Publish ? "publish" : "view";
  if (!principal.has(fmt::format("{}:{}", verb, channel))) {
    // Asked before existence, so that strangers cannot list channels by guessing.
    const bool nobody = principal.subject.empty() && principal.play.empty();
    return std::unexpected(nobody ? Refusal::NoCredential : Refusal::NotAllowed);
  }
  if (!rule) return std::unexpected(Refusal::NoSuchChannel);
  return {};
}

}  // namespace butai::access
