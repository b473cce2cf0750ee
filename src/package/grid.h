// Where segments begin and how long parts are: the arithmetic that packager, playlists and
// manifests share, so that two nodes cut alike (decision 6 of docs/decisions).
// Flow:   media::Track -> Grid, part_target -> Packager, hls_writer
// Thread: pure values, any.
// Spec:   RFC 8216bis (draft 22) clauses 4.4.4.9 (parts) and 4.4.3.8 (PART-TARGET).
#pragma once

#include <cstdint>

#include "base/time.h"
#include "media/track.h"

namespace butai::package {

// Boundaries at n * length since the Unix epoch; length = num / den seconds.
class Grid {
 public:
  // `segment` for whole rates and for sound alone; 1001/1000 of it for rates of n * 1000/1001.
  static Grid of(const media::Track& track, Micros segment);

  // Boundary `n`, to the nearest tick.
  std::int64_t boundary(std::int64_t n, std::uint32_t timescale) const;
  // The last boundary at or before `time`; a boundary up to `tolerance` later counts too.
  std::int64_t index(Ticks time, std::int64_t tolerance) const;
  bool on_boundary(Ticks time, std::int64_t tolerance) const;
  Ticks length(std::uint32_t timescale) const { return {boundary(1, timescale), timescale}; }

 private:
  Grid(std::int64_t num, std::int64_t den) : num_(num), den_(den) {}
  std::int64_t num_, den_;
};

// Whether the rate is a multiple of 1000/1001: 23.976, 29.97, 59.94.
bool is_ntsc(media::Rational rate);

// What a frame of this track lasts when its rate is known; 0 ticks otherwise.
Ticks nominal_frame(const media::Track& track);

// EXT-X-PART-INF:PART-TARGET of a rendition: no part is longer, and every part but a segment's last
// has at least 85 % of it. The same for all usual rates, because a playlist must not change it: a
// sixth of 2.002 s. Rates whose whole frames do not fit into that window get what fits them.
Ticks part_target(const media::Track& track, Micros segment);

}  // namespace butai::package
