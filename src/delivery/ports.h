// What every way of delivery needs; made by app/, outlives all requests.
// Thread: plain references; each says its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/edge_links.h"
#include "access/guard.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "live/channels.h"
#include "media/frame.h"
#include "net/loop.h"
#include "net/movable.h"
#include "net/route.h"
#include "package/key_lines.h"

namespace butai::delivery {

struct Ports {
  live::Channels& channels;
  access::AccessGuard& guard;
  const Clock& clock;
  Metrics& metrics;
  net::OpenSockets& open_sockets;
  access::EdgeLinks edges;  // where a CDN checks the addresses of media
  // A play was seen: its playlist was fetched or its socket lives. Any loop.
  std::function<void(std::string_view play)> heartbeat;
  // Makes JPEG of a key frame of this track; `done` is called on that loop, with nothing if it cannot be.
  std::function<void(const media::Track& track, media::Frame frame, net::Loop& loop,
                     std::function<void(const Bytes& jpeg)> done)>
      still;
  // A viewer's socket was moved past so much media. Any loop.
  std::function<void(std::string_view play, Micros media)> missed = [](std::string_view, Micros) {};
  // What players of protected channels are told when they do not say `?keys=`.
  package::KeyLines keys = package::KeyLines::Identity;
};

// Routes of all ways: WebSocket, HLS, DASH, JPEG.
std::vector<net::Route> routes(Ports ports);

}  // namespace butai::delivery
