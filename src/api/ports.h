// What the control API needs; made by app/, outlives all requests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "access/gatekeeper.h"
#include "access/plays.h"
#include "access/publish_keys.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "live/channels.h"
#include "net/route.h"

namespace butai::api {

struct Ports {
  live::Channels& channels;
  const access::ChannelRules& rules;
  const access::Plays& plays;
  access::PublishKeys& publish_keys;
  const Clock& clock;
  // Where viewers of a channel can try beforehand whether it will play.
  std::function<std::optional<std::string>(const std::string& channel)> test_channel_of;
  std::string version;
  std::function<bool()> ready;  // takes viewers; false while starting or draining
};

}  // namespace butai::api
