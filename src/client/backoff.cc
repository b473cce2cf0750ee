#include "client/backoff.h"

#include <algorithm>

#include "client/limits.h"

namespace butai::client {

Millis Backoff::next() {
  // The ceiling halves into floor + spread, so that even the longest wait is spread.
  const Millis floor = std::min(kBackoffFirst * (std::int64_t{1} << failures_), kBackoffMax / 2);
  if (floor < kBackoffMax / 2) ++failures_;
  const auto spread = static_cast<std::uint64_t>(floor.count()) + 1;
  return floor + Millis{static_cast<std::int64_t>(random_.number(spread))};
}

}  // namespace butai::client
