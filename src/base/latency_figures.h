// Quantiles of times without keeping them: a day of frames in 20 KiB.
// Thread: a plain object of its owner.
// Limits: each quantile is at most 1.6 % above the true value; the maximum is exact.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace butai {

class LatencyFigures {
 public:
  LatencyFigures();
  // Below zero (two clocks that disagree) counts as zero; beyond 12 days as 12 days.
  void add(Micros latency);
  void add(const LatencyFigures& others);

  std::uint64_t count() const { return count_; }
  // The least value that at least `share` (0 to 1) of all do not exceed; 0 when there are none.
  Micros quantile(double share) const;
  Micros max() const { return max_; }

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  Micros max_{0};
};

}  // namespace butai
