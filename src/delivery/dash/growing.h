// A segment that is asked for while it grows: sent chunk by chunk as it is made, until it is whole.
// Flow:   hls::segment_file -> here; live::ChannelView tells -> net::BodyWriter
// Thread: the connection's loop.
// Limits: kHoldMax (delivery/limits.h), then the answer is cut; one segment's chunks wait for a peer
//         that does not read.
// Spec:   DASH-IF IOP 5 part 4 (availabilityTimeComplete="false"); RFC 10036 (Incremental).
#pragma once

#include <cstdint>

#include "live/channel_view.h"
#include "net/http.h"

namespace butai::delivery::dash {

// `start`: of the open segment of `track` that `head` is for.
void send_growing(live::ChannelView& view, media::TrackId track, std::int64_t start,
                  net::Response head, net::ExchangePtr exchange);

}  // namespace butai::delivery::dash
