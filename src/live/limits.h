// Bounds of a running channel.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::live {

// What playlists and manifests can reach back to: 64 s at 2 s a segment.
inline constexpr std::size_t kSegmentsKept = 32;
// Nor further back in time: what was on a channel hours ago is not where somebody comes in now. It goes as
// soon as this much has come since, the least that RFC 8216 section 6.2.2 wants left (three times 4 s).
inline constexpr Micros kReachBackMax{64'000'000};
inline constexpr Micros kRunToForget{12'000'000};
// Of one track's log on one loop; chunks are shared, so loops do not multiply it.
inline constexpr std::size_t kLogBytesMax = 64u << 20;

// WebSocket viewers' ring: at least the newest key frame and what follows it.
inline constexpr Micros kRingSpan{10'000'000};  // two groups of pictures of the longest kind
inline constexpr std::size_t kRingChunksMax =
    8192;  // 10 s of 60 fps with a ladder of four, twice over
inline constexpr std::size_t kRingBytesMax = 32u << 20;  // 10 s at 25 Mbit/s
inline constexpr std::size_t kRingPicturesMax = 120;     // JPEG: 4 s at 30 a second
inline constexpr std::size_t kRingPictureBytesMax = 32u << 20;
// Of what was packaged, before a loop where nobody watches takes it in: a second of picture and sound.
inline constexpr std::size_t kUpdatesWaitingMax = 64;

// Time line (DESIGN decision 5).
inline constexpr Micros kSlewStart{100'000};      // drift that is corrected …
inline constexpr Micros kSlewStop{10'000};        // … until this little is left
inline constexpr std::int64_t kSlewPpmMax = 500;  // by at most this: inaudible, invisible
inline constexpr Micros kOffMax{500'000};         // late for a whole window: marked discontinuity
inline constexpr Micros kLateWindow{3'000'000};   // a stalled line may catch up within this
inline constexpr Micros kJumpMax{1'000'000};      // one frame's step that no camera makes

// An input that brought nothing for so long gives way to the other; viewers are told `gap`.
inline constexpr Micros kInputSilence{1'000'000};
// Sound that a container puts before its first key frame, in frames: 0.34 s of AAC at 48 kHz.
inline constexpr std::size_t kEarlySoundMax = 16;
inline constexpr Micros kWatchInterval{250'000};

// Frames that come early (a file sent faster than it plays) wait until this long before their time.
inline constexpr Micros kEarlyMax{250'000};
inline constexpr Micros kHeldSpanMax{1'000'000};  // on every track: then the publisher is not read
inline constexpr Micros kHeldSpanOneTrackMax{
    15'000'000};  // fragments longer than this are refused room
inline constexpr std::size_t kHeldBytesMax = 8u << 20;

// Channels opened by publishers rather than by configuration.
inline constexpr std::size_t kAutomaticChannelsMax = 256;
// An ended channel still answers playlists with ENDLIST for this long.
inline constexpr Micros kEndedKept{60'000'000};

// Captions by API.
inline constexpr std::size_t kCuesMax = 4096;        // of a channel: an hour and more sent ahead
inline constexpr std::size_t kCueTextMax = 1024;     // bytes of one cue: ten long lines
inline constexpr std::size_t kCuesPerCallMax = 256;  // cues in one request
inline constexpr std::size_t kLanguagesMax = 16;     // of a channel
inline constexpr Micros kCuesKept{120'000'000};  // after its end; as long as any segment is kept
inline constexpr Micros kCueAheadMax{6 * 3'600'000'000LL};  // longer than any performance
inline constexpr Micros kCueLongest{600'000'000};  // one that stands; in each segment once more

}  // namespace butai::live
