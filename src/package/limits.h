// Every bound and agreed length of src/package, with its unit and its reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace butai::package {

inline constexpr Micros kSegment{2'000'000};  // DESIGN decision 5; 2.002 s for 1000/1001 rates
inline constexpr std::int64_t kTargetDurationSeconds = 4;  // EXT-X-TARGETDURATION, never changes
// Players of a stable channel stay so far behind (DESIGN decision 10): the least that HLS allows.
inline constexpr std::int64_t kHoldBackSeconds = 3 * kTargetDurationSeconds;
// A segment is cut here even without a key frame: rounded it must not exceed the target duration,
// and one frame may still come.
inline constexpr Micros kSegmentMax{4'200'000};
// A longer step of the leading track than any camera makes is a discontinuity, announced or not.
inline constexpr Micros kJumpMax{1'000'000};
// A picture that comes sooner than predicted makes the one before it so short at least.
inline constexpr Micros kPictureMin{1'000};
inline constexpr int kPartsPerSegment = 6;  // 1/3 s
// So far beside its prediction a segment may begin and still be the one that was asked for; shorter
// than a part.
inline constexpr Micros kHintError{200'000};
inline constexpr std::size_t kAudioFramesPerChunk = 2;  // 43 ms at 48 kHz; halves the overhead

// How long sound waits for the picture to reach it, which tells where the picture is cut.
inline constexpr Micros kSoundAheadMax{1'000'000};
// At the start sound waits longer: a publisher may be joined anywhere between two key frames.
inline constexpr Micros kPictureStartMax{5'000'000};
// Sound so much earlier than the first key frame still belongs to the first segment: encoders put
// the picture behind by a few frames.
inline constexpr Micros kSoundLeadMax{250'000};
// Sound that is so far behind the picture is cut without waiting for it, so that the playlists of
// both go on together.
inline constexpr Micros kSoundBehindMax{3'000'000};
// A rendition of the ladder that is so far behind the picture is not waited for; players at the edge
// are 1 s behind, others 10.
inline constexpr Micros kLadderBehindMax{3'000'000};
// Cuts that a ladder which joins still makes segments of: its encoders start in less than a segment.
inline constexpr std::size_t kRecentCutsMax = 3;
inline constexpr std::size_t kRateHistory = 15;  // frames whose distance tells an unknown rate
inline constexpr Micros kFrameMax{1'000'000};    // longest duration a frame is believed to have

// Playlists list so many segments. Half of what the log keeps: what has left a playlist stays
// downloadable for as long as a playlist is (RFC 8216bis clause 6.2.2).
inline constexpr std::size_t kSegmentsListed = 15;
inline constexpr std::int64_t kPlaylistMinSeconds = 3 * kTargetDurationSeconds;
// CAN-SKIP-UNTIL: delta updates leave out what is older; six target durations are the least.
inline constexpr std::int64_t kSkipBoundarySeconds = 6 * kTargetDurationSeconds;
// Parts are listed of so many segments, the open one included: 4 s at least, while players begin 1 s
// behind. RFC 8216bis wants them gone after three target durations; strict parsers count segments.
inline constexpr std::size_t kSegmentsWithParts = 3;

}  // namespace butai::package
