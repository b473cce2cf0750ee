// `butai bench fanout` and `butai bench joins`: many viewers of one channel.
// Flow:   Publisher -> server -> Crowd of sinks, Crowd of probes -> Report
// Thread: the caller's; blocks it until the end.
// Limits: load/limits.h.
//
//   1. Publish, if asked to, and wait for the first key frame.
//   2. Everybody joins at the rate; one in a hundred is a probe, spread over the order of joining.
//   3. Settle, then a window: bytes of each viewer, the probes' findings, the server's cost.
//   joins: the window begins with the storm, beside viewers who were there before.
#pragma once

#include <cstdint>

#include "load/run.h"

namespace butai::load {

struct FanoutOptions {
  RunOptions run;  // watch_url: ws(s)://HOST/live/NAME/ws, or http(s):// of an endless answer
  std::size_t storm = 0;  // joins: so many more, at storm_per_second
  double storm_per_second = 1'000;
  unsigned probe_percent = 1, stalled_percent = 0, slow_percent = 0;
};

// 0 when it was measured (void or not), 1 when not, 2 for options that make no sense.
int bench_fanout(const FanoutOptions& options);

}  // namespace butai::load
