// All channels of this server. A channel lives on the loop its name hashes to; every loop has a
// ChannelView of each. No lock: loops only post to each other, and posts keep their order, so a
// loop's view of a channel is complete from its first update.
// Flow:   ingest, api -> with_channel() -> the channel's loop; Channel -> every loop's view
// Thread: safe from every loop; callbacks come where each function says.
// Limits: kAutomaticChannelsMax (live/limits.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "live/channel.h"
#include "live/channel_view.h"

namespace butai::live {

class Channels {
 public:
  // Attaches the readers of a new channel (app/channel_pipeline.cc); on the channel's loop.
  using Furnish = std::function<void(Channel&)>;
  // What configuration says about a name; nothing: such a channel may not be opened. Any loop.
  using Configure = std::function<std::optional<ChannelOptions>(const std::string& name)>;

  Channels(std::vector<Executor*> loops, const Clock& clock, Furnish furnish, Configure configure);
  ~Channels();

  // Runs `use` on the channel's loop; null if there is no such channel. `open` makes it if it may be.
  enum class IfMissing { Open, Leave };
  void with_channel(const std::string& name, IfMissing if_missing,
                    std::function<void(Channel*)> use);

  // Whether a channel of this name exists or may be opened. Any loop.
  bool known(const std::string& name) const { return configure_(name).has_value(); }
  // Whether viewers of it get protected media only. Any loop.
  bool is_protected(const std::string& name) const {
    const auto options = configure_(name);
    return options && options->protection;
  }

  // This loop's view, made if need be. Stays valid until the loop runs its next posted task after
  // the last listener left; hold it only while listening.
  ChannelView& view(std::size_t loop, const std::string& name);
  // This loop's view if a channel exists or is waited for; else null.
  ChannelView* find_view(std::size_t loop, const std::string& name);
  // Drops a view nobody listens to and no channel stands behind.
  void forget(std::size_t loop, const std::string& name);

  // Ends the channel if there is one and forgets on every loop what could still be fetched of it, also
  // of one that ended before; then calls `done` on `reply_to` with what there was.
  void purge(const std::string& name, Executor& reply_to,
             std::function<void(ChannelView::Held)> done);

  // Gathers every channel's status and calls `done` on `reply_to`.
  void list(Executor& reply_to, std::function<void(std::vector<ChannelStatus>)> done);
  // SIGHUP: every channel asks `configure` again.
  void reconfigure();
  // Ends all channels; loops must still run.
  void end_all();

 private:
  struct Home;  // what one loop owns
  std::size_t home_of(const std::string& name) const;
  Channel* open(Home& home, const std::string& name);
  static void tell(const std::vector<std::shared_ptr<ViewInbox>>& inboxes, const Update& update);
  void on_ended(Home& home, const std::string& name);

  std::vector<std::unique_ptr<Home>> homes_;
  const Clock& clock_;
  Furnish furnish_;
  Configure configure_;
};

}  // namespace butai::live
