// Every bound of src/drm, with its unit and its reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::drm {

inline constexpr std::size_t kCpixBytesMax = 256 * 1024;  // one document; real ones have 10 KiB
inline constexpr std::size_t kCpixKeysMax = 64;           // keys of one document
inline constexpr std::size_t kPsshBytesMax = 16 * 1024;   // PlayReady allows 15 KiB of header
inline constexpr std::size_t kPsshKeysMax = 64;           // key ids of one box
inline constexpr std::size_t kPeriodsAhead = 2;           // key periods fetched before they are due
inline constexpr Micros kKeyRetryFirst{1'000'000};        // doubled each time
inline constexpr Micros kKeyRetryLast{30'000'000};        // so that a service can come back
inline constexpr Micros kRotationMin{10'000'000};         // players need time to fetch a license

}  // namespace butai::drm
