#include "live/view_inbox.h"

#include <utility>

#include "live/channel_view.h"
#include "live/limits.h"

namespace butai::live {

void ViewInbox::put(Update update, Urgency urgency) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(update));
    const bool due = watched_ || urgency == Urgency::Now || waiting_.size() >= kUpdatesWaitingMax;
    if (!due || std::exchange(waking_, true)) return;
  }
  loop_.on_thread() ? wake() : wake_later();
}

void ViewInbox::wake() {
  if (view_ != nullptr) return view_->catch_up();
  const std::lock_guard lock(mutex_);
  waking_ = false;  // it comes, and looks then
}

void ViewInbox::wake_later() {
  loop_.post([self = shared_from_this()] { self->wake(); });
}

void ViewInbox::take(std::vector<Update>& into) {
  const std::lock_guard lock(mutex_);
  waking_ = false;
  waiting_.swap(into);
}

void ViewInbox::watch() {
  {
    const std::lock_guard lock(mutex_);
    watched_ = true;
    if (waiting_.empty() || std::exchange(waking_, true)) return;
  }
  wake_later();
}

void ViewInbox::rest() {
  const std::lock_guard lock(mutex_);
  watched_ = false;
}

}  // namespace butai::live
