// How long a frame will last, told before the next one is there.
// Flow:   media::Frame -> package::Packager -> here
// Thread: the channel's loop.
// Limits: kRateHistory, kFrameMax (package/limits.h).
//
//  1. A frame that brings its own duration is believed up to kFrameMax.
//  2. Else the track's nominal rate counts, as long as the distances of the last frames are within
//     a quarter of it (cameras halve their rate in the dark).
//  3. Else the median of those distances; before there are any, 1/30 s.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "media/frame.h"
#include "media/track.h"
#include "package/limits.h"

namespace butai::package {

class Rate {
 public:
  explicit Rate(const media::Track& track);

  // The duration of `frame`, at least one tick; call once per frame, in order.
  std::int64_t predict(const media::Frame& frame);
  // What a frame lasts now; at least one tick.
  std::int64_t usual() const;
  // The next frame does not continue the last.
  void restart() { last_dts_.reset(); }

 private:
  std::uint32_t timescale_;
  std::int64_t nominal_;  // ticks; 0: unknown
  std::optional<std::int64_t> last_dts_;
  std::array<std::int64_t, kRateHistory> distances_{};
  std::size_t distances_seen_ = 0;  // the newest is at (this - 1) % kRateHistory
  std::int64_t median_ = 0;         // of distances_; 0: none
};

}  // namespace butai::package
