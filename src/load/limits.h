// Every bound of this folder, with its unit and its reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace butai::load {

// --- Connections ---
inline constexpr std::size_t kViewersMax = 19'500;  // descriptors of one process: 20,000
inline constexpr int kReceiveBuffer = 256 * 1024;   // bytes; autotuning to 33 MB would hide stalls
inline constexpr int kLowWaterMax = 64 * 1024;      // bytes that wake a sink up, or 1/4 s of media
inline constexpr int kLowWaterMin = 8 * 1024;
inline constexpr std::size_t kDiscardMax = 1 << 20;        // bytes thrown away by one call
inline constexpr std::size_t kHeadBytesMax = 16 * 1024;    // of an answer
inline constexpr std::size_t kMessageBytesMax = 16 << 20;  // of a message that a probe reads
inline constexpr unsigned kSources = 8;                    // 127.0.0.2 to .9: 28,000 ports each
inline constexpr Millis kConnectMax{20'000};               // TCP, TLS and the answer's head
inline constexpr Millis kPongEvery{20'000};  // servers close who is silent for a minute
inline constexpr std::size_t kVisitorListMax = 64 << 20;  // bytes; 20,000 lines of 400 are 8 MB

// --- The door ---
inline constexpr double kWithinShare = 0.8;   // of all visitors come in the first stretch
inline constexpr Millis kBackWithin{10'000};  // who was cut off by a restart
inline constexpr Millis kStillAfter{2'000};   // without a byte a viewer does not play
inline constexpr Millis kDoorsWait{60'000};   // for those who watch before the doors

// --- A measurement ---
inline constexpr Millis kSettle{1'500};           // from the last join to the window
inline constexpr Millis kPublisherAhead{1'500};   // a key frame a second: there is one
inline constexpr Millis kLook{150};               // between two looks of the guide at the playlists
inline constexpr std::size_t kSegmentsKnown = 4;  // of a track; a viewer is at most so far behind
inline constexpr double kStarvedBelow = 0.93;     // of the median viewer's bytes in the window
inline constexpr double kGeneratorMax =
    0.60;  // of a core: beyond, the generator is what is measured
inline constexpr Micros kProbeLagMax{2'000};  // p99 of the probes' own timer
inline constexpr double kStealMax = 0.02;     // of the machine, taken by other machines
inline constexpr double kSoftirqMax = 0.10;   // of the server's time, in ksoftirqd

}  // namespace butai::load
