// Every bound of this folder, with its unit and its reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::client {

// --- Coming back after a cut ---
inline constexpr Millis kBackoffFirst{250};    // a restarted server is back within this
inline constexpr Millis kBackoffMax{10'000};   // a dead one is asked six times a minute, not more
inline constexpr Millis kSettledAfter{5'000};  // a connection that lasted this long was a good one
inline constexpr Millis kConnectTime{10'000};  // TCP, TLS and the upgrade's answer

// --- A slow line ---
inline constexpr Millis kUnsentTime{250};                   // of media that may wait in the socket
inline constexpr std::size_t kUnsentBytesMin = 64 * 1024;   // one large picture always fits
inline constexpr std::size_t kUnsentBytesMax = 512 * 1024;  // bytes, whatever the rate
inline constexpr Millis kFlushMax{5'000};  // for the last bytes when the source has ended

// --- Messages ---
inline constexpr std::size_t kMessageBytesMax = 8 * 1024 * 1024;  // a 4K key frame at 100 Mbit/s
inline constexpr std::size_t kUnackedMax =
    256;  // messages remembered for the round trip; 8 s at 30/s
inline constexpr std::size_t kKeysOfInitMax = 16;  // a picture's and a sound's, in fact
inline constexpr std::size_t kKeysOpenMax =
    64;  // licenses kept; 16 changes of keys are in no buffer
inline constexpr std::size_t kWaitingBytesMax =
    16 * 1024 * 1024;                                     // of chunks that wait for a license
inline constexpr std::size_t kRefusalsTold = 8;           // different ones; more say nothing new
inline constexpr std::size_t kTokenBytesMax = 64 * 1024;  // of a token file

inline constexpr Millis kTokenFileCheck{
    5'000};  // a renewed token is in use long before the old ends

// --- Judging what was received ---
inline constexpr Millis kJumpMin{100};  // a break of the time line that an eye sees; less is jitter
inline constexpr int kJumpFrames = 3;   // durations of the last chunk; slow cameras are no breaks

// --- The latency probe ---
inline constexpr Millis kProbeWarmUp{
    1'000};                               // first frames, first encoder, cold caches: not counted
inline constexpr Millis kProbeTail{500};  // a frame that is later than this is lost
inline constexpr Millis kEchoTimeout{1'000};  // without an echo the next message goes
inline constexpr std::size_t kPicturesKept =
    30;                                       // of the recording; one second of the test picture
inline constexpr Millis kProbeSetUp{15'000};  // from start to the first frame received

}  // namespace butai::client
