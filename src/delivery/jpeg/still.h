// A picture of any rendition as JPEG: its newest key frame, decoded by a worker. Made once for each segment
// and given to all who ask meanwhile and until the next.
// Flow:   routes.cc -> Stills (on the loop's view) -> Ports::still (app/stills) -> JPEG
// Thread: one loop.
// Limits: one at a time for each rendition; who asks meanwhile waits, kStillWaitersMax at most.
#pragma once

#include "delivery/ports.h"

namespace butai::delivery::jpeg {

void rendition_snapshot(const net::Request& request, net::ExchangePtr exchange, const Ports& ports);

}  // namespace butai::delivery::jpeg
