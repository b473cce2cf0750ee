#include "base/latency_figures.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace butai {
namespace {

// 64 buckets for each doubling: a value keeps its 7 leading bits.
constexpr int kLeadingBits = 7;
constexpr std::uint64_t kPerDoubling = std::uint64_t{1} << (kLeadingBits - 1);
constexpr std::uint64_t kValueMax = (std::uint64_t{1} << 40) - 1;  // microseconds; 12 days

std::uint64_t shift_of(std::uint64_t value) {
  const int width = std::bit_width(value);
  return width > kLeadingBits ? static_cast<std::uint64_t>(width - kLeadingBits) : 0;
}

std::uint64_t bucket_of(std::uint64_t value) {
  const std::uint64_t shift = shift_of(value);
  return shift * kPerDoubling + (value >> shift);
}

std::uint64_t largest_in(std::uint64_t bucket) {
  if (bucket < 2 * kPerDoubling) return bucket;
  const std::uint64_t shift = bucket / kPerDoubling - 1;
  const std::uint64_t leading = bucket - shift * kPerDoubling;
  return ((leading + 1) << shift) - 1;
}

}  // namespace

LatencyFigures::LatencyFigures() : buckets_(bucket_of(kValueMax) + 1) {}

void LatencyFigures::add(Micros latency) {
  const auto value =
      std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0)), kValueMax);
  ++buckets_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, Micros{static_cast<std::int64_t>(value)});
}

void LatencyFigures::add(const LatencyFigures& others) {
  std::ranges::transform(buckets_, others.buckets_, buckets_.begin(), std::plus<>{});
  count_ += others.count_;
  max_ = std::max(max_, others.max_);
}

Micros LatencyFigures::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::uint64_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen > 0 && seen >= wanted) {
      return std::min(max_, Micros{static_cast<std::int64_t>(largest_in(bucket))});
    }
  }
  return Micros{0};
}

}  // namespace butai
