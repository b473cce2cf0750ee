// HLS: playlists (plain, or low latency with blocking reload and hinted parts), init segments,
// segments and parts, from this loop's view of the channel. DASH fetches the same segments.
// Thread: handlers run on their connection's loop.
// Limits: a blocking request is held kHoldMax (delivery/limits.h).
// Spec:   RFC 8216bis (draft-pantos-hls-rfc8216bis-22) clauses 4.4, 6.2.5.
#pragma once

#include <memory>
#include <vector>

#include "delivery/ports.h"

namespace butai::delivery::hls {

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports);

}  // namespace butai::delivery::hls
