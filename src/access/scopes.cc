#include "access/scopes.h"

#include <algorithm>

#include "access/limits.h"
#include "base/name.h"

namespace butai::access {

bool is_scope(std::string_view word) {
  if (word == "control" || word == "admin") return true;
  for (const std::string_view prefix : {"publish:", "view:"}) {
    if (word.starts_with(prefix)) return is_name(word.substr(prefix.size()));
  }
  return false;
}

std::vector<std::string> parse_scopes(std::string_view text) {
  std::vector<std::string> scopes;
  while (!text.empty() && scopes.size() < kScopesMax) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (is_scope(word) && std::ranges::find(scopes, word) == scopes.end()) {
      scopes.emplace_back(word);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

std::string join_scopes(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) {
    if (!text.empty()) text += ' ';
    text += scope;
  }
  return text;
}

std::vector<std::string> common_scopes(const std::vector<std::string>& wanted,
                                       const std::vector<std::string>& granted) {
  std::vector<std::string> common;
  for (const std::string& scope : wanted) {
    if (std::ranges::find(granted, scope) != granted.end()) common.push_back(scope);
  }
  return common;
}

}  // namespace butai::access
