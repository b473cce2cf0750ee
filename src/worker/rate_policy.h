// Which pictures of a fast source are encoded: at most `rate` a second in the long run, at most two
// at once, so that jitter drops none of a source that keeps the rate.
// Thread: plain object of its job.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "media/track.h"

namespace butai::worker {

// The rate at which the policy below leaves a source: every second picture of 59.94 is 29.97, not 30.
// `source` may be unknown (num 0), and stays so.
inline media::Rational limited_rate(media::Rational source, std::uint32_t max) {
  const std::uint64_t most = std::uint64_t{source.den} * max;  // of pictures, in source.den seconds
  if (max == 0 || source.num <= most) return source;
  const std::uint64_t whole = (source.num + most - 1) / most;  // every so many-th picture
  // As near as 1000/1001 to what is allowed: then nothing is taken beside those.
  if (source.num * 1000 < most * whole * 999) return {max, 1};
  const auto common = std::gcd(std::uint64_t{source.num}, source.den * whole);
  return {static_cast<std::uint32_t>(source.num / common),
          static_cast<std::uint32_t>(source.den * whole / common)};
}

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
