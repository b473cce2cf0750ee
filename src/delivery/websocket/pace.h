// How often a class of viewers is served: its interval, doubled while this loop cannot keep it.
// Thread: plain value; pure.
// Limits: kWideInterval, kStrainedSweeps, kCalmSweeps.
#pragma once

#include "base/time.h"
#include "delivery/limits.h"

namespace butai::delivery::websocket {

class Pace {
 public:
  explicit Pace(Micros interval) : interval_(interval) {}

  Micros interval() const { return wide_ ? kWideInterval : interval_; }
  // A sweep was over `took` after it was due. True: the interval has just become wider.
  bool swept(Micros took) {
    if (interval_ == Micros{0} || interval_ >= kWideInterval) return false;
    const bool counts = wide_ ? took < interval_ / 2 : took > interval_;
    in_a_row_ = counts ? in_a_row_ + 1 : 0;
    if (in_a_row_ < (wide_ ? kCalmSweeps : kStrainedSweeps)) return false;
    in_a_row_ = 0;
    wide_ = !wide_;
    return wide_;
  }

 private:
  Micros interval_;
  bool wide_ = false;
  int in_a_row_ = 0;
};

}  // namespace butai::delivery::websocket
