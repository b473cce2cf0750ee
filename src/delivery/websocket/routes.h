// WS /live/{channel}/ws: CMAF chunks or JPEG pictures, pushed as they are made.
// Thread: handlers run on their connection's loop.
#pragma once

#include <memory>
#include <vector>

#include "delivery/ports.h"

namespace butai::delivery::websocket {

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports);

}  // namespace butai::delivery::websocket
