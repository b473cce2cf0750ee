#include "package/rate.h"

#include <algorithm>

#include "package/grid.h"

namespace butai::package {
namespace {

constexpr std::int64_t kFallbackPerSecond = 30;
constexpr std::size_t kDistancesToDoubt = 8;  // frames before the nominal rate may be doubted

}  // namespace

Rate::Rate(const media::Track& track)
    : timescale_(track.timescale), nominal_(nominal_frame(track).value) {}

std::int64_t Rate::predict(const media::Frame& frame) {
  const std::int64_t longest = Ticks::from(kFrameMax, timescale_).value;
  if (last_dts_ && frame.dts > *last_dts_ && frame.dts - *last_dts_ <= longest) {
    distances_.at(distances_seen_++ % kRateHistory) = frame.dts - *last_dts_;
    auto sorted = distances_;
    const std::size_t known = std::min(distances_seen_, kRateHistory);
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(known / 2);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(known));
    median_ = *middle;
  }
  last_dts_ = frame.dts;
  return frame.duration > 0 && frame.duration <= longest ? frame.duration : usual();
}

std::int64_t Rate::usual() const {
  const bool doubted = distances_seen_ >= kDistancesToDoubt &&
                       std::max(median_, nominal_) - std::min(median_, nominal_) > nominal_ / 4;
  if (nominal_ > 0 && !doubted) return nominal_;
  if (median_ > 0) return median_;
  return std::max<std::int64_t>(1, timescale_ / kFallbackPerSecond);
}

}  // namespace butai::package
