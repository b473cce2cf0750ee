// The port for "run this later, on the thread that owns me". net/loop.h is the real one; tests use
// base/testing/manual_time.h. Whoever owns timers holds the Timer: destroying it cancels.
// Thread: post() from any; the rest on the executor's own.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace butai {

using Task = std::move_only_function<void()>;

// A pending call; destroying it cancels. Only on the thread that made it.
class Timer {
 public:
  virtual ~Timer() = default;
};
using TimerHandle = std::unique_ptr<Timer>;

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `task` on this executor's thread, after whatever runs now. Safe from every thread.
  virtual void post(Task task) = 0;
  // Runs `task` once, `delay` from now, unless the handle dies first. On the executor's thread only.
  virtual TimerHandle after(Micros delay, Task task) = 0;
  virtual bool on_thread() const = 0;
};

}  // namespace butai
