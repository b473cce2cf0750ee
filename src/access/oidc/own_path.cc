#include "access/oidc/own_path.h"

#include <algorithm>

#include "access/oidc/limits.h"

namespace butai::access::oidc {

bool is_own_path(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kReturnBytesMax) return false;
  if (path.starts_with("//") || path.starts_with("/auth/")) return false;
  return std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
}

}  // namespace butai::access::oidc
