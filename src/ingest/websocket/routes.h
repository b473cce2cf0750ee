// A publisher's WebSocket: /ws, the seed's way and ours.
// Flow:   net (messages) -> here -> (post) ingest::Publication on the channel's loop
// Thread: the connection's loop.
// Limits: ingest/limits.h.
//
// Without any query it is the seed's contract: binary messages come back, at most 24, and no text
// is ever sent. With a query, echo=1 sends back what finds the socket empty. The first message tells
// pictures (FF D8, one JPEG each) from pieces of a container.
#pragma once

#include <memory>

#include "access/socket_authority.h"
#include "base/metrics.h"
#include "ingest/publication.h"
#include "live/channels.h"
#include "net/loop.h"
#include "net/movable.h"
#include "net/route.h"

namespace butai::ingest {

// What every publisher session needs; owned by app/ and outliving all loops' work.
struct PublisherPorts {
  live::Channels& channels;
  access::AccessGuard& guard;
  const Clock& clock;
  Metrics& metrics;
  net::OpenSockets& open_sockets;
  Publication::Options publication;
};

// WS /ws
std::vector<net::Route> routes(PublisherPorts ports);

}  // namespace butai::ingest
