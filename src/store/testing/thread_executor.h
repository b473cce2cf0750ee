// An executor for tests whose work comes back from other threads: post() from anywhere, wait()
// runs what arrives on the test's own thread. No timers: tests of those use ManualTime.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "base/executor.h"

namespace butai::store::testing {

class ThreadExecutor final : public Executor {
 public:
  void post(Task task) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(task));
    wake_.notify_one();
  }
  TimerHandle after(Micros, Task) override { return nullptr; }
  bool on_thread() const override { return true; }

  // Runs tasks until `done` holds; false after ten seconds without it.
  template <class Condition>
  bool wait(Condition done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      if (!wake_.wait_for(lock, Seconds{10}, [this] { return !ready_.empty(); })) return false;
      Task task = std::move(ready_.front());
      ready_.pop_front();
      lock.unlock();
      task();
    }
    return true;
  }

 private:
  std::mutex mutex_;  // post() comes from the threads under test
  std::condition_variable wake_;
  std::deque<Task> ready_;
};

}  // namespace butai::store::testing
