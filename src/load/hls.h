// `butai bench hls` and `butai bench llhls`: many viewers of one channel's playlists and segments.
// Flow:   Publisher -> server -> SegmentCrowd or HoldCrowd (beside a Guide) -> Report
// Thread: the caller's; blocks it until the end.
// Limits: load/limits.h.
#pragma once

#include "load/run.h"

namespace butai::load {

struct HlsOptions {
  RunOptions run;  // watch_url: http(s)://HOST/live/NAME/index.m3u8
  unsigned probe_percent = 5;
};

// Each viewer on a player's schedule of playlist and segments.
int bench_hls(const HlsOptions& options);
// Each viewer with a blocking playlist reload that waits for the next part.
int bench_llhls(const HlsOptions& options);

}  // namespace butai::load
