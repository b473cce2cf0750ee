#include "drm/key_schedule.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace butai::drm {

KeySchedule::KeySchedule(ScheduleOptions options, KeyProvider& provider, Executor& loop)
    : options_(std::move(options)), provider_(provider), loop_(loop) {
  if (options_.rotation.count() > 0) {
    options_.rotation = std::max(options_.rotation, kRotationMin);
  }
  fetch();
}

KeySchedule::~KeySchedule() { *alive_ = false; }

KeyPeriodPtr KeySchedule::segment(Ticks start) {
  const bool old = options_.rotation.count() > 0 && running_since_ &&
                   start.micros() - running_since_->micros() >= options_.rotation;
  const bool due = running_ == nullptr || rotate_now_ || old;
  if (due && !waiting_.empty()) {
    running_ = std::move(waiting_.front());
    waiting_.pop_front();
    running_since_ = start;
    rotate_now_ = false;
    fetch();
  }
  return running_;
}

void KeySchedule::fetch() {
  if (fetching_ || waiting_.size() >= kPeriodsAhead) return;
  fetching_ = true;
  provider_.fetch(options_.request, loop_, [this, alive = alive_](Expected<KeyPeriodPtr> period) {
    if (*alive) on_fetched(std::move(period));
  });
}

void KeySchedule::on_fetched(Expected<KeyPeriodPtr> period) {
  fetching_ = false;
  if (period) {
    waiting_.push_back(std::move(*period));
    retry_ = kKeyRetryFirst;
    return fetch();
  }
  log::warning("no new keys; the channel goes on with those it has, never in clear",
               {{"channel", options_.request.channel},
                {"why", period.error().sentence},
                {"running", running_ ? "yes" : "no"}});
  retry_timer_ = loop_.after(retry_, [this] { fetch(); });
  retry_ = std::min(retry_ * 2, kKeyRetryLast);
}

}  // namespace butai::drm
