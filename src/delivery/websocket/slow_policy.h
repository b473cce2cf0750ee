// When a viewer that keeps falling behind has to go.
// Thread: plain value; pure.
// Limits: kGapStateQuiet, kGapStateMax.
#pragma once

#include "base/time.h"
#include "delivery/limits.h"

namespace butai::delivery::websocket {

class SlowPolicy {
 public:
  // It jumped. True: it has been doing so for too long.
  bool jumped(Steady now) {
    if (now - last_ > kGapStateQuiet) since_ = now;
    last_ = now;
    return now - since_ >= kGapStateMax;
  }

 private:
  Steady since_{}, last_{};
};

}  // namespace butai::delivery::websocket
