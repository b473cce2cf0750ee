// Before the show: how much of this machine a ladder takes.
// Flow:   test picture -> butai-worker -> frames -> butai-worker (Job::Ladder), as on the evening
// Thread: the caller's; blocks for some seconds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/line.h"

namespace butai::app {

// The time that the renditions of `rungs` take for a stretch of 1080p30, divided by its length; with
// 1 the machine is just fast enough. Nothing: no worker, or not a frame within kTrialMax.
std::optional<double> try_ladder(const std::string& worker, std::vector<worker::Rung> rungs);

}  // namespace butai::app
