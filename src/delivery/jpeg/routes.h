// GET /live/{channel}/mjpeg and snapshot.jpg: JPEG pictures for what knows nothing but HTTP.
// Thread: handlers run on their connection's loop.
// Limits: a viewer whose socket is not empty misses pictures; nothing is queued for it.
#pragma once

#include <memory>
#include <vector>

#include "delivery/ports.h"

namespace butai::delivery::jpeg {

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports);

}  // namespace butai::delivery::jpeg
