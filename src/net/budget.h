// So many of something, so many more each second: a token bucket that is told the time.
// Thread: a plain object of its owner.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace butai::net {

class Budget {
 public:
  Budget(int most, int per_second) : most_(most), per_second_(per_second), left_(most) {}

  bool take(Steady now) {
    if (now > at_) {
      const std::chrono::duration<double> passed = now - at_;
      left_ = std::min(most_, left_ + passed.count() * per_second_);
      at_ = now;
    }
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }
  void give(std::size_t count) { left_ = std::min(most_, left_ + static_cast<double>(count)); }

 private:
  double most_;
  double per_second_;
  double left_;
  Steady at_;
};

}  // namespace butai::net
