// What configuration says about a channel; [channels] and [[channel]] in config/butai.toml.
// Thread: plain values, any.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace butai::live {

// How far behind the stage viewers are (DESIGN decision 10).
enum class Latency : std::uint8_t {
  Stable,    // plain HLS and DASH, 10-12 s behind
  Low,       // LL-HLS
  Realtime,  // WebSocket
};

// Whether a channel outlives its publisher.
enum class Origin : std::uint8_t {
  Configured,  // named in the configuration, or main: stays for ever
  Automatic,   // opened by a publisher: ends `linger` after the last one left
};

struct ChannelOptions {
  std::string name;
  Origin origin = Origin::Automatic;
  Latency latency = Latency::Low;
  Micros linger{60'000'000};  // 0 s … 1 day
};

}  // namespace butai::live
