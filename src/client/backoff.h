// How long to wait before the next attempt: doubling, and never the same for two clients, so that a
// server that comes back is not met by all of them at once.
// Thread: a plain object of its owner.
// Limits: kBackoffFirst to kBackoffMax.
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace butai::client {

class Backoff {
 public:
  explicit Backoff(Random& random) : random_(random) {}

  // The n-th call since reset() lies evenly between 250 ms * 2^(n-1) and twice that, at most 10 s.
  Millis next();
  void reset() { failures_ = 0; }

 private:
  Random& random_;
  int failures_ = 0;
};

}  // namespace butai::client
