#include "client/continuity.h"

#include <algorithm>
#include <utility>

#include "client/limits.h"

namespace butai::client {

Continuity::Step Continuity::take(Ticks start, Ticks duration) {
  const Micros begins = start.micros();
  const Micros lasts = duration.micros();
  const auto before = std::exchange(last_, Last{begins, begins + lasts});
  if (!before) return Step::Follows;
  if (begins < before->start) return Step::GoesBack;
  const Micros tolerance = std::max<Micros>(kJumpMin, kJumpFrames * (before->end - before->start));
  return begins - before->end > tolerance ? Step::Jumps : Step::Follows;
}

}  // namespace butai::client
