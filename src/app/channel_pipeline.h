// The picture's path on one screen: which readers of clear frames a new channel gets.
// Thread: called on the channel's loop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "drm/key_provider.h"
#include "live/channel.h"
#include "net/loop.h"
#include "worker/line.h"

namespace butai::app {

struct Furniture {
  net::Loop& loop;  // the channel's
  const Clock& clock;
  drm::KeyProvider& keys;     // asked when the channel is protected; outlives it
  const std::string& worker;  // butai-worker
  worker::Encoding encoding;
  std::vector<worker::Rung> ladder;      // empty: the source's picture alone
  std::optional<worker::Capture> input;  // a test channel's
  bool loudness = false;                 // measured on both inputs
  Metrics& metrics;
};

void furnish_channel(live::Channel& channel, const Furniture& furniture);

}  // namespace butai::app
