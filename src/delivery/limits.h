// Bounds of what a viewer may cost.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::delivery {

// A viewer further behind than either jumps to the newest key frame and is told `gap`.
inline constexpr Micros kBehindMax{2'000'000};
inline constexpr std::size_t kBehindBytesMax = 2u << 20;
// A viewer whose socket took nothing at all for so long is closed with 4008.
inline constexpr Micros kStalledMax{15'000'000};
// A blocking playlist reload or a hinted part is held this long at most: 3 target durations (HLS
// draft-pantos-hls-rfc8216bis-22 clause 6.2.5.2), then 503. So is an answer that grows with its
// segment, then it is cut.
inline constexpr Micros kHoldMax{12'000'000};

// How far a hinted segment's predicted start may lie beside the real one: a camera that skips a few
// pictures begins it late. Segments begin a second or more apart, so none is mistaken for another.
inline constexpr Micros kHintError{200'000};

}  // namespace butai::delivery
