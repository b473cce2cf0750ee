// The address part of a request: checked, decoded once, and split. Pure and fuzzed.
// Limits: the head's (net/limits.h).
// Spec:   RFC 9112 section 3.2, RFC 3986 section 2.1. Refused although legal: what two programs in
//         a row could read differently (%2F, dot segments, empty segments, a percent sign after
//         decoding, backslashes, overlong UTF-8).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace butai::net {

struct Target {
  std::string path;        // decoded, without /t/TOKEN
  std::string path_token;  // of /t/TOKEN/…
  std::vector<std::pair<std::string, std::string>> query;
};

// Nothing when the target is refused. `host` is compared with an absolute target's.
std::optional<Target> parse_target(std::string_view target, std::string_view host);

// A path decoded and accepted, or nothing; accepting its own result changes nothing.
std::optional<std::string> normal_path(std::string_view raw);

// application/x-www-form-urlencoded: also the body of POST /token. Nothing when malformed.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text);

// reg-name, IPv4 or [IPv6], with an optional port; what may stand in Host and forwarded hosts.
bool is_host(std::string_view host);

}  // namespace butai::net
