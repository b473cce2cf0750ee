// The port "give me the keys of this channel's period N". keys/ has two: our own, and a key service
// behind SPEKE.
// Flow:   KeySchedule -> KeyProvider -> KeySchedule
// Thread: fetch() from the channel's loop; `done` is posted to `home`, exactly once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/executor.h"
#include "base/problem.h"
#include "drm/content_key.h"

namespace butai::drm {

struct KeyRequest {
  std::string channel;
  media::Scheme scheme = media::Scheme::Cbcs;
};

class KeyProvider {
 public:
  using Done = std::move_only_function<void(Expected<KeyPeriodPtr>)>;
  virtual ~KeyProvider() = default;
  // A period that was never used: new keys, new key ids, the next index of the channel.
  virtual void fetch(const KeyRequest& request, Executor& home, Done done) = 0;
};

}  // namespace butai::drm
