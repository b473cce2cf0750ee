// What to do about a viewer that keeps falling behind: a lower rendition, and when none is left, the end.
// Thread: plain value; pure.
// Limits: kGapStateQuiet, kGapStateMax, kJumpsBeforeLower, kCalmBeforeHigher.
//
// Each jump soon after the last one counts; after some of them a lower rendition is due. When it has kept up
// for long enough, the next higher one is tried again; each time that fails, it takes twice as long.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "delivery/limits.h"

namespace butai::delivery::websocket {

class SlowPolicy {
 public:
  enum class Advice : std::uint8_t { Stay, Lower, Close };

  // It jumped.
  Advice jumped(Steady now) {
    if (now - last_ > kGapStateQuiet) {
      since_ = now;
      jumps_ = 0;
    }
    last_ = now;
    if (now - since_ >= kGapStateMax) return Advice::Close;
    return ++jumps_ % kJumpsBeforeLower == 0 ? Advice::Lower : Advice::Stay;
  }
  // It gets a lower rendition from now on: its falling behind begins anew.
  void lowered(Steady now) {
    if (raised_) calm_ = std::min(2 * calm_, kCalmBeforeHigherMax);
    raised_ = false;
    since_ = last_ = now;
    jumps_ = 0;
  }
  // Whether it may get a higher one.
  bool may_rise(Steady now) const { return now - last_ >= calm_; }
  void raised(Steady now) {
    raised_ = true;
    last_ = now;
    since_ = now;
  }

 private:
  Steady since_{}, last_{};
  int jumps_ = 0;
  Micros calm_ = kCalmBeforeHigher;
  bool raised_ = false;
};

}  // namespace butai::delivery::websocket
