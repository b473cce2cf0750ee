// Which pictures of a fast source are encoded: at most `rate` a second in the long run, at most two
// at once, so that jitter drops none of a source that keeps the rate.
// Thread: plain object of its job.
#pragma once

#include <algorithm>
#include <cstdint>

namespace butai::worker {

class RatePolicy {
 public:
  explicit RatePolicy(std::uint32_t rate) : interval_(1'000'000 / std::max(1U, rate)) {}
  bool admit(std::int64_t micros) {
    full_at_ = std::max(full_at_, micros);
    // A source that jumped back starts anew.
    if (full_at_ - micros > 4 * interval_) full_at_ = micros;
    // An eighth of an interval of patience: 30.01 pictures a second are 30.
    if (full_at_ - micros > interval_ + interval_ / 8) return false;
    full_at_ += interval_;
    return true;
  }

 private:
  std::int64_t interval_;     // microseconds
  std::int64_t full_at_ = 0;  // when both places are free again
};

}  // namespace butai::worker
