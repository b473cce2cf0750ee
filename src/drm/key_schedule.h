// Which key period each segment of a channel belongs to.
//   1. kPeriodsAhead periods are fetched before they are needed, so that the next one is announced a
//      whole period ahead and an outage of the key service is survived for as long.
//   2. segment() moves on to the next period when the running one is `rotation` old, or was asked to
//      end (rotate()), and the next one is there. When it is not, the running one goes on: old keys
//      are better than a dark screen, and clear is never an answer.
//   3. A fetch that failed is tried again, after 1 s, 2 s, … 30 s.
// Flow:   KeyProvider -> here -> package::Packager
// Thread: the channel's loop.
// Limits: kPeriodsAhead, kRotationMin.
// Spec:   DESIGN decision 11.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"
#include "drm/key_provider.h"
#include "drm/limits.h"

namespace butai::drm {

struct ScheduleOptions {
  KeyRequest request;
  Micros rotation{0};  // 0: only when asked
};

class KeySchedule {
 public:
  // `provider` and `loop` outlive this.
  KeySchedule(ScheduleOptions options, KeyProvider& provider, Executor& loop);
  ~KeySchedule();
  KeySchedule(const KeySchedule&) = delete;
  KeySchedule& operator=(const KeySchedule&) = delete;

  // The period of the segment that begins at `start`; null as long as there are no keys at all.
  KeyPeriodPtr segment(Ticks start);
  const KeyPeriodPtr& running() const { return running_; }
  // Announced: the period after the running one; null when it has not come yet.
  KeyPeriodPtr next() const { return waiting_.empty() ? nullptr : waiting_.front(); }

  // The next segment begins a new period (if its keys are there).
  void rotate() { rotate_now_ = true; }

 private:
  void fetch();
  void on_fetched(Expected<KeyPeriodPtr> period);

  ScheduleOptions options_;
  KeyProvider& provider_;
  Executor& loop_;
  KeyPeriodPtr running_;
  std::optional<Ticks> running_since_;
  std::deque<KeyPeriodPtr> waiting_;
  bool rotate_now_ = false;
  bool fetching_ = false;
  Micros retry_ = kKeyRetryFirst;
  TimerHandle retry_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for answers that come too late
};

}  // namespace butai::drm
