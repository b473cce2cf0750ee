// The one rule for names of channels, accounts' handles, tracks: they stand in paths and files.
#pragma once

#include <algorithm>
#include <string_view>

namespace butai {

// [A-Za-z0-9_-]{1,64} (DESIGN section 7).
inline bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, allowed);
}

}  // namespace butai
