// Every bound of RTMP, with its unit and reason (reliability rows B1 to B7, B23, B24).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace butai::ingest::rtmp {

// --- chunks and messages ---
inline constexpr std::size_t kVideoBytesMax = 8u << 20;    // a 4K key frame at 100 Mbit/s is 3 MiB
inline constexpr std::size_t kAudioBytesMax = 256u << 10;  // an AAC frame is at most 6 KiB
inline constexpr std::size_t kAmfBytesMax = 64u << 10;     // of a command or metadata; real: 4 KiB
inline constexpr std::size_t kOtherBytesMax = 64u << 10;   // control, and types that are skipped
inline constexpr std::size_t kChunkStreamsMax = 16;        // per connection; encoders use 2 to 6
inline constexpr std::size_t kReassemblyBytesMax = 12u << 20;  // announced by unfinished messages
// Messages have 24 bits of length, so a larger chunk size only says "do not cut". Encoders do send
// 2^31 - 1; it allocates nothing here.
inline constexpr std::uint32_t kChunkSizeMax = 0xff'ffff;
inline constexpr std::uint32_t kChunkSizeAtFirst = 128;   // section 5.4.1
inline constexpr std::uint32_t kServerChunkSize = 4096;   // ours are answers of a few hundred bytes
inline constexpr std::uint32_t kClientChunkSize = 65536;  // media: one head per 64 KiB

// --- AMF0 ---
inline constexpr int kAmfDepthMax = 16;               // nested values
inline constexpr std::size_t kAmfElementsMax = 1024;  // values of one message
inline constexpr std::size_t kTextShownMax = 64;      // characters of a peer's word in our sentence

// --- session ---
inline constexpr std::uint32_t kWindowBytes = 2'500'000;  // between two acknowledgements
inline constexpr std::uint32_t kWindowBytesMin = 4096;    // a peer that wants more is not obeyed
inline constexpr std::size_t kStreamsMax = 8;             // createStream; encoders make one
inline constexpr std::size_t kCommandsBeforePublishMax = 64;  // encoders send four
inline constexpr std::size_t kHeldBytesMax = 1u << 20;  // that came while publish is being decided
inline constexpr std::size_t kUnsentBytesMax = 256u << 10;  // answers to one that does not read

// FFmpeg sends 1023 characters of an address's path; what is longer arrives without its end.
inline constexpr std::size_t kTokenMayBeCut = 900;

// --- time ---
inline constexpr Millis kHandshakeTime{5'000};  // TCP (and TLS) to C2
inline constexpr Millis kPublishTime{10'000};   // connection to publish
inline constexpr Millis kIdleTime{5'000};       // without one whole audio or video message
inline constexpr Millis kGoodbyeTime{2'000};    // butai publish: to take its leave

inline constexpr Millis kTwoClocksApart{
    60'000};  // between two messages where timestamps begin anew

// --- media ---
inline constexpr int kStandingStill = 100;  // frames of a track with one timestamp, then it is over
inline constexpr Micros kTrackWait{1'000'000};  // media time: for the second track to be described
inline constexpr std::size_t kTrackWaitFrames = 500;      // one second of sound and fast picture
inline constexpr std::size_t kTrackWaitBytes = 4u << 20;  // 30 Mbit/s for that second

}  // namespace butai::ingest::rtmp
