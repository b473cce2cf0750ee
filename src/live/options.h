// What configuration says about a channel; [channels] and [[channel]] in config/butai.toml.
// Thread: plain values, any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "live/captions.h"
#include "media/aac.h"
#include "media/protection.h"

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
  // Nothing: clear. Holds from the channel's opening to its end, whatever SIGHUP says.
  std::optional<media::Scheme> protection = std::nullopt;
  Micros key_rotation{0};  // a new key period this often; 0: one for the whole performance
  Captions captions = {};  // told to players from the beginning
  media::DualMono dual_mono = media::DualMono::Refuse;
  std::vector<std::string> sounds =
      {};  // languages of the sounds that viewers choose from, 2 at most
  std::uint8_t sounds_taken() const { return sounds.size() > 1 ? 2 : 1; }
};

}  // namespace butai::live
