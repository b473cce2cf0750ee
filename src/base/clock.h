// The port through which everybody but base/ asks for the time, so that tests never sleep.
// Thread: any.
#pragma once

#include "base/time.h"

namespace butai {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Utc utc() const = 0;        // what the world's clock says; may step
  virtual Steady steady() const = 0;  // for durations and deadlines; never goes back
};

class SystemClock final : public Clock {
 public:
  Utc utc() const override {
    return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now());
  }
  Steady steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace butai
