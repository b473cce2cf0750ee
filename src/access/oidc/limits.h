// Bounds of signing in with somebody else; each with its unit and reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::access::oidc {

// From our redirect to the answer: somebody looks for a password and a second factor meanwhile.
inline constexpr Seconds kSignInLife{15 * 60};
// An ID token is made for this very answer.
inline constexpr Seconds kIdTokenAge{10 * 60};
inline constexpr Seconds kMetadataEvery{3600};       // a provider's document and keys
inline constexpr std::size_t kReturnBytesMax = 512;  // of a path; it travels in `state`
inline constexpr std::size_t kStateBytesMax = 1024;
inline constexpr std::size_t kCodeBytesMax = 2048;
inline constexpr std::size_t kSubjectBytesMax = 255;  // OpenID Connect Core section 2
inline constexpr std::size_t kNameBytesMax = 128;     // as account.display_name keeps it
inline constexpr std::size_t kProvidersMax = 16;      // buttons on a page
inline constexpr int kTriesMax = 1;                   // without a cookie, then the page says so

}  // namespace butai::access::oidc
