// Whether who comes now gets what a stable channel promises: to be kHoldBackSeconds behind, with that in
// hand. Players begin with what there is and keep that distance for as long as they play, so somebody who
// waited for the show to begin, and was let in at the first segment, would stay a second from standing still.
// Who plays already is not asked: after a restart it lives on what it has in hand.
#pragma once

#include "delivery/rendition_logs.h"
#include "live/limits.h"
#include "package/limits.h"

namespace butai::delivery {

inline constexpr double kFrameShort = 0.2;  // seconds: a segment may end a frame or two early

inline bool is_in_hand(const live::ChannelView& view) {
  if (view.latency() != live::Latency::Stable || view.ended()) return true;
  const auto logs = rendition_logs(view);
  if (logs.empty() || logs.front().log->segments().empty()) return false;
  const auto& segments = logs.front().log->segments();
  double seconds = kFrameShort;
  for (const live::Segment& segment : segments) {  // not those of a rehearsal, which go soon
    const Micros ago = segments.back().start.utc() - segment.start.utc();
    if (segment.bytes > 0 && ago < live::kReachBackMax) seconds += segment.duration.seconds();
  }
  return seconds >= static_cast<double>(package::kHoldBackSeconds);
}

}  // namespace butai::delivery
