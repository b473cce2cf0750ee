// How many of a ladder's renditions this machine can make, seen from how late their pictures come.
// Flow:   ffmpeg/ladder.cc asks once per source picture
// Thread: plain object of its job.
// Limits: kLadder… (worker/limits.h).
//
//  1. A picture that is handled more than kLadderLagMax after its time takes the largest rendition
//     away; then kLadderGrace must pass before the next one goes.
//  2. After kLadderCalm without such a picture the largest that was left out is tried again. When it
//     fails, the wait for the next try doubles, up to kLadderCalmMax.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/time.h"
#include "worker/limits.h"

namespace butai::worker {

class LadderPolicy {
 public:
  explicit LadderPolicy(std::size_t renditions) : all_(renditions), active_(renditions) {}

  // Of `renditions`, smallest first, how many are to be made of a picture that is handled at `now`,
  // `lag` after its own time.
  std::size_t active(Micros lag, Utc now) {
    if (lag > kLadderLagMax) {
      if (active_ > 0 && now >= grace_until_) {
        --active_;
        grace_until_ = now + kLadderGrace;
        if (tried_) calm_ = std::min(calm_ * 2, kLadderCalmMax);
      }
      calm_since_ = now;
    } else if (active_ < all_ && now - calm_since_ >= calm_) {
      ++active_;
      tried_ = true;
      calm_since_ = now;
    }
    return active_;
  }

 private:
  std::size_t all_, active_;
  Utc grace_until_{}, calm_since_{};
  Micros calm_ = kLadderCalm;
  bool tried_ = false;  // one was brought back
};

}  // namespace butai::worker
