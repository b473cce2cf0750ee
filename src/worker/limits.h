// Every bound of this folder, with its unit and the reason for the number.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::worker {

// One message between parent and child. The largest piece a publisher may send is 4 MiB, the largest
// access unit a 4K key frame at 100 Mbit/s is about 3 MiB; twice that, and a head.
inline constexpr std::size_t kMessageBytesMax = 8 * 1024 * 1024 + 1024;
// One sentence (complaint, note): a line for a person, not a dump.
inline constexpr std::size_t kSentenceBytesMax = 1024;
// AVCDecoderConfigurationRecord or AudioSpecificConfig of one track: 31 SPS + 255 PPS never come near.
inline constexpr std::size_t kTrackConfigBytesMax = 64 * 1024;
// Tracks told in one message: one picture and one sound, or a ladder's renditions.
inline constexpr std::size_t kTracksMax = 8;
// A rendition's name: [A-Za-z0-9_-]{1,64} (base/name.h).
inline constexpr std::size_t kRungNameBytesMax = 64;
// File names and device names of butai publish (PATH_MAX).
inline constexpr std::size_t kSourceBytesMax = 4096;

// Bytes written to the child and not yet taken by it, after which write() says no. One message of the
// largest size always fits into an empty queue.
inline constexpr std::size_t kUnsentBytesMax = 4 * 1024 * 1024;
// What the parent reads from one child before it lets the loop do something else.
inline constexpr std::size_t kReadBytesPerTurn = 1024 * 1024;

// Container header kept for the next child (ftyp + moov, EBML … Tracks, FLV header + metadata).
inline constexpr std::size_t kContainerHeaderBytesMax = 1024 * 1024;

// After a container's header; fragments of 4 s over a slow line. Then the publisher is told.
inline constexpr Millis kFirstFrameWithin{8'000};

// Restarts: the first at once, then doubling between these two, so that a source that kills its
// worker every time costs at most one start a second.
inline constexpr Millis kRestartDelayFirst{250};
inline constexpr Millis kRestartDelayMax{1000};
// A child that lived this long was healthy: its death counts as the first again.
inline constexpr Millis kHealthyAfter{10'000};
// A child that takes nothing for this long although bytes wait is stuck, and is killed.
inline constexpr Millis kStuckAfter{5'000};
inline constexpr Millis kStuckCheckInterval{1'000};

// Key frames further apart are re-encoded: TARGETDURATION 4 rounds to the nearest second, so a group
// of 4 s and a few frames still fits.
inline constexpr Micros kKeyFrameIntervalMax{4'200'000};
// What of the running group of pictures is kept to be able to start re-encoding inside it.
inline constexpr std::size_t kGroupBytesMax = 8 * 1024 * 1024;
inline constexpr Micros kGroupDurationMax{10'000'000};

// Ladder: a picture encoded so long after its time means that the machine is too slow. Half a segment:
// players of the lower renditions still have what they need.
inline constexpr Micros kLadderLagMax{1'000'000};
// What was dropped helps only once what waits is through.
inline constexpr Micros kLadderGrace{3'000'000};
// Calm for so long, and the highest rendition that was left out is tried again; each failure doubles it.
inline constexpr Micros kLadderCalm{30'000'000};
inline constexpr Micros kLadderCalmMax{960'000'000};
// Source pictures between decoder and encoder that are remembered by time: reordering is at most 16.
inline constexpr std::size_t kLadderPicturesMax = 64;

// Pictures: what x264 at level 5.2 takes (4096 x 2304), and a side no decoder of a phone exceeds.
inline constexpr int kPictureSideMax = 4096;

// Of a child in the background: a tenth of the processor beside a busy one of the usual priority.
inline constexpr int kBackgroundNice = 10;
// Address space of a child, bytes: FFmpeg and its libraries map some 400 MiB before the first frame;
// a 4K decoder and encoder stay under 1 GiB.
inline constexpr std::size_t kChildAddressSpaceMax = std::size_t{3} * 1024 * 1024 * 1024;
// Descriptors of a child: 0-3 and one opened before the sandbox closes (a file, a camera).
inline constexpr std::size_t kChildDescriptorsMax = 16;

}  // namespace butai::worker
