// A thread that fetches what somebody else publishes, and keeps it fresh.
//   when    at start, every 5 minutes, when told to, and when something unknown was asked for, then at
//           most every 30 s
//   failed  tried again after 30 s; what was known stays with the owner
// Flow:   reload, missing -> the thread -> fetch -> noted
// Thread: one of its own, on which fetch and noted run; reload and missing from any.
// Limits: kJwksEvery, kJwksMissEvery.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>

#include "access/limits.h"
#include "base/clock.h"
#include "base/time.h"

namespace butai::access {

// When to fetch next: pure, so that it is tested without waiting.
class FetchSchedule {
 public:
  explicit FetchSchedule(Steady now) : next_(now), last_(now - kJwksMissEvery) {}
  Steady next() const { return next_; }
  void fetched(Steady now) { set(now, kJwksEvery); }
  void failed(Steady now) { set(now, kJwksMissEvery); }
  void missing(Steady now) { next_ = std::min(next_, std::max(now, last_ + kJwksMissEvery)); }
  void reload(Steady now) { next_ = now; }

 private:
  void set(Steady now, Seconds wait) {
    last_ = now;
    next_ = now + wait;
  }
  Steady next_;
  Steady last_;
};

class Refresher {
 public:
  struct Work {
    std::function<bool(const std::atomic<bool>& stop)> fetch;  // looks at stop while it waits
    std::function<void()> noted = [] {};                       // the schedule knows how it went
  };
  Refresher(const Clock& clock, Work work);
  ~Refresher();
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  void reload();
  // True: a fetch is under way or begins now, and `noted` will follow.
  bool missing();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::access
