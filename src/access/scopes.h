// Scopes: what a token allows, as words. publish:NAME, view:NAME, control, admin; every other word
// is ignored, and `*` is no name.
// Thread: any. Limits: kScopesMax. Spec: RFC 6749 section 3.3 (separated by single spaces).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace butai::access {

bool is_scope(std::string_view word);
// The understood words in order, each once; at most kScopesMax.
std::vector<std::string> parse_scopes(std::string_view text);
std::string join_scopes(const std::vector<std::string>& scopes);
// Those of `wanted` that `granted` has.
std::vector<std::string> common_scopes(const std::vector<std::string>& wanted,
                                       const std::vector<std::string>& granted);

}  // namespace butai::access
