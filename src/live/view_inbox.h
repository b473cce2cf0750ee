// Updates on their way from a channel's loop into one loop's view of it.
// Flow:   live::Channels::tell -> put -> (post, when somebody must know) -> ChannelView::catch_up
// Thread: put() on the channel's loop, the rest on the view's: the reason for the mutex, which is held for
//         one push or one swap.
// Limits: kUpdatesWaitingMax (live/limits.h), then the view takes them in.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>  // two loops meet here
#include <vector>

#include "base/executor.h"
#include "live/update.h"

namespace butai::live {

class ChannelView;

class ViewInbox : public std::enable_shared_from_this<ViewInbox> {
 public:
  enum class Urgency : std::uint8_t { WhenSeen, Now };

  explicit ViewInbox(Executor& loop) : loop_(loop) {}  // the view's

  void put(Update update, Urgency urgency);

  // Of the view. `into` is empty and gets all that waits.
  void take(std::vector<Update>& into);
  // From now on everything is urgent; what waits already is told in a task of its own.
  void watch();
  void rest();  // nobody watches any more
  void belong_to(ChannelView& view) { view_ = &view; }
  void leave(const ChannelView& view) {
    if (view_ == &view) view_ = nullptr;
  }

 private:
  void wake();
  void wake_later();

  Executor& loop_;
  std::mutex mutex_;
  std::vector<Update> waiting_;
  bool watched_ = false;
  bool waking_ = false;          // a wake() is on its way
  ChannelView* view_ = nullptr;  // of the view's loop
};

}  // namespace butai::live
