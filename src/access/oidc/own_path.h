// Where somebody may be sent after signing in: a page of this site, and nothing that a browser could take for
// another one. Pure.
// Thread: any. Limits: kReturnBytesMax.
// Spec:   WHATWG URL (a backslash is a slash, tabs and line ends vanish), so only printable ASCII passes.
#pragma once

#include <string_view>

namespace butai::access::oidc {

// "/path?query#fragment", not "//host", not "/\host", not back into /auth/.
bool is_own_path(std::string_view path);

}  // namespace butai::access::oidc
