// What the demo sells: an event that is on now, with a free and a paid ticket, and one for tomorrow.
// Thread: plain values.
#pragma once

#include <vector>

#include "ticketing/catalog/catalog.h"

namespace butai::app {

inline constexpr const char* kDemoStage = "stage";  // its test channel is stage-test

std::vector<ticketing::Event> demo_events(Utc now);

}  // namespace butai::app
