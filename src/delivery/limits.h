// Bounds of what a viewer may cost.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::delivery {

// A viewer further behind than either jumps to the newest key frame and is told `gap`.
inline constexpr Micros kBehindMax{2'000'000};
inline constexpr std::size_t kBehindBytesMax = 2u << 20;
// A viewer whose socket took nothing at all for so long is closed with 4008.
inline constexpr Micros kStalledMax{10'000'000};
// So is one that has been falling behind again and again for so long …
inline constexpr Micros kGapStateMax{60'000'000};
// … never keeping up for this long in between.
inline constexpr Micros kGapStateQuiet{10'000'000};

// So often it jumps before it gets a lower rendition; one is an accident.
inline constexpr int kJumpsBeforeLower = 2;
// Kept up for so long, it gets the next higher one; doubled each time that this was too early.
inline constexpr Micros kCalmBeforeHigher{30'000'000};
inline constexpr Micros kCalmBeforeHigherMax{480'000'000};
// A rendition whose newest chunk is so much behind the picture is not made any more: encoding takes less
// than a second, or the ladder leaves it out.
inline constexpr Micros kRenditionStillMax{4'000'000};
// One send to a viewer that is not at the edge: what a kernel takes at once, so that little waits.
inline constexpr std::size_t kSendBytesMax = 256u << 10;
inline constexpr std::size_t kSendPiecesMax = 60;  // of one writev, with the init in front
// Viewers served in one turn of the loop, about 1 ms; then everybody else's turn.
inline constexpr std::size_t kSweepSlice = 256;
// How often every viewer is looked at: is it stuck, is its play alive.
inline constexpr Micros kLookInterval{2'500'000};

// Viewers on WebSockets are told of cues so long before they are seen.
inline constexpr Micros kCuesAhead{20'000'000};

// Class 33 ms sends every 66 ms after so many sweeps in a row that took longer than their interval,
// and every 33 ms again after so many that would have fitted twice.
inline constexpr Micros kWideInterval{66'000};
inline constexpr int kStrainedSweeps = 3;
inline constexpr int kCalmSweeps = 300;

// A blocking playlist reload or a hinted part is held this long at most: 3 target durations (HLS
// draft-pantos-hls-rfc8216bis-22 clause 6.2.5.2), then 503. So is an answer that grows with its
// segment, then it is cut.
inline constexpr Micros kHoldMax{12'000'000};

// Requests that wait for one picture to be made.
inline constexpr std::size_t kStillWaitersMax = 256;

// What goes first where answers share a connection (RFC 9218; HLS draft clause B.1 asks for it in
// the answers): a playlist names what is fetched next, a part is at the live edge.
inline constexpr const char* kPlaylistPriority = "u=1";
inline constexpr const char* kPartPriority = "u=2";
inline constexpr const char* kSegmentPriority = "u=4";

}  // namespace butai::delivery
