// DASH: the manifest. Its segments are those of HLS, at the same addresses.
// Thread: handlers run on their connection's loop.
// Spec:   ISO/IEC 23009-1:2022; UTCTiming http-xsdate at /time.
#pragma once

#include <memory>
#include <vector>

#include "delivery/ports.h"

namespace butai::delivery::dash {

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports);

}  // namespace butai::delivery::dash
