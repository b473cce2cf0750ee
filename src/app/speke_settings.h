// What the SPEKE client is made of, from [drm.speke]; for the house and for `butai doctor`.
// Thread: pure.
#pragma once

#include "app/config.h"
#include "keys/speke.h"

namespace butai::app {

keys::SpekeSettings speke_settings(const DrmConfig& config);

}  // namespace butai::app
