// A clock and an executor that move only when the test says so.
// Thread: the test's.
#pragma once

#include <deque>
#include <map>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"

namespace butai::testing {

class ManualTime final : public Clock, public Executor {
 public:
  explicit ManualTime(Utc start = utc_of(1'800'000'000'000'000)) : utc_(start) {}

  Utc utc() const override { return utc_; }
  Steady steady() const override { return steady_; }
  bool on_thread() const override { return true; }
  void post(Task task) override { ready_.push_back(std::move(task)); }

  TimerHandle after(Micros delay, Task task) override {
    const Key key{steady_ + delay, next_++};
    timers_.emplace(key, std::move(task));
    return std::make_unique<Pending>(*this, key);
  }

  // Runs what was posted, and what that posts.
  void run() {
    while (!ready_.empty()) {
      Task task = std::move(ready_.front());
      ready_.pop_front();
      task();
    }
  }

  // Moves both clocks by `by`, running timers in order at their own times.
  void advance(Micros by) {
    const Steady end = steady_ + by;
    run();
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
      auto node = timers_.extract(timers_.begin());
      move_to(node.key().first);
      node.mapped()();
      run();
    }
    move_to(end);
  }

 private:
  using Key = std::pair<Steady, std::uint64_t>;
  struct Pending final : Timer {
    Pending(ManualTime& o, Key k) : owner(o), key(k) {}
    ~Pending() override { owner.timers_.erase(key); }
    ManualTime& owner;
    Key key;
  };

  void move_to(Steady when) {
    utc_ += std::chrono::duration_cast<Micros>(when - steady_);
    steady_ = when;
  }

  Utc utc_;
  Steady steady_{};
  std::deque<Task> ready_;
  std::map<Key, Task> timers_;
  std::uint64_t next_ = 0;
};

}  // namespace butai::testing
