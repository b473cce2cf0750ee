// Bounds of what publishers may send.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::ingest {

inline constexpr std::size_t kMessageBytesMax = 4u << 20;  // one JPEG or one piece of a container
inline constexpr std::size_t kJpegBytesMax = 4u << 20;
inline constexpr std::size_t kInFlightBytesMax = 4u << 20;  // between the socket and the worker
// Frames of RTMP are told as consumed in steps of so many bytes; small beside what may be in flight.
inline constexpr std::size_t kConsumedStep = 128u << 10;
inline constexpr int kEchoesMax = 24;           // the seed's client library stops reading after 32
inline constexpr int kBadFramesMax = 100;       // in a row, then 4400
inline constexpr Micros kAckInterval{200'000};  // at most 5 a second
inline constexpr Micros kInstructionTime{3'000'000};  // to answer `done`

// What a publisher brought before it hung up plays for so long at most.
inline constexpr Micros kPlayOutMax{30'000'000};

}  // namespace butai::ingest
