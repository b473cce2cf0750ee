// Every bound of src/licenses, with its unit and its reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::licenses {

inline constexpr std::size_t kClearKeyBytesMax = 16 * 1024;  // a request; real ones have 100 bytes
inline constexpr std::size_t kClearKeyKidsMax = 64;          // keys of one request
inline constexpr std::size_t kChallengeMax = 64 * 1024;      // bytes; Widevine's have up to 10 KiB
inline constexpr std::size_t kAnswerMax = 256 * 1024;        // bytes of a license

}  // namespace butai::licenses
