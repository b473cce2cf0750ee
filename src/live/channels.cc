#include "live/channels.h"

#include <algorithm>
#include <atomic>  // counts that every loop moves and the API reads
#include <utility>

#include "base/log.h"
#include "live/limits.h"

namespace butai::live {

struct Channels::Home {
  Home(Executor& l, std::size_t i) : loop(l), index(i) {}
  Executor& loop;
  std::size_t index;
  std::map<std::string, std::unique_ptr<Channel>> channels;  // those whose name hashes here
  std::map<std::string, std::unique_ptr<ChannelView>> views;
  std::map<std::string, TimerHandle> forgetting;  // views of ended channels
};

Channels::Channels(std::vector<Executor*> loops, const Clock& clock, Furnish furnish,
                   Configure configure)
    : clock_(clock), furnish_(std::move(furnish)), configure_(std::move(configure)) {
  for (Executor* loop : loops) homes_.push_back(std::make_unique<Home>(*loop, homes_.size()));
}

Channels::~Channels() = default;

std::size_t Channels::home_of(const std::string& name) const {
  return std::hash<std::string>{}(name) % homes_.size();
}

void Channels::with_channel(const std::string& name, IfMissing if_missing,
                            std::function<void(Channel*)> use) {
  Home& home = *homes_[home_of(name)];
  home.loop.post([this, &home, name, if_missing, use = std::move(use)] {
    const auto found = home.channels.find(name);
    if (found != home.channels.end()) return use(found->second.get());
    use(if_missing == IfMissing::Open ? open(home, name) : nullptr);
  });
}

Channel* Channels::open(Home& home, const std::string& name) {
  std::optional<ChannelOptions> options = configure_(name);
  if (!options) return nullptr;
  if (options->origin == Origin::Automatic &&
      home.channels.size() >= kAutomaticChannelsMax / homes_.size()) {
    log::warning("no more automatic channels", {{"channel", name}});
    return nullptr;
  }
  std::vector<std::shared_ptr<ViewInbox>> inboxes;  // by loop
  for (const auto& each : homes_) inboxes.push_back(std::make_shared<ViewInbox>(each->loop));
  Channel::Ports ports{
      .tell = [inboxes](const Update& update) { tell(inboxes, update); },
      .ended = [this, &home, name](const Channel&) { on_ended(home, name); },
  };
  auto channel = std::make_unique<Channel>(*options, home.loop, clock_, std::move(ports));
  furnish_(*channel);
  // Every loop's view starts anew before the channel's first update can reach it.
  for (const auto& other : homes_) {
    auto begin = [this, &other = *other, name, latency = options->latency,
                  counts = channel->counts(), inbox = inboxes[other->index]] {
      ChannelView& existing = view(other.index, name);
      if (existing.opened()) {  // an ended one of the same name
        other.views.erase(name);
        other.forgetting.erase(name);
      }
      ChannelView& fresh = view(other.index, name);
      fresh.set_latency(latency);
      fresh.open(counts, inbox);
    };
    if (other->loop.on_thread()) {
      begin();
    } else {
      other->loop.post(std::move(begin));
    }
  }
  Channel* opened = channel.get();
  home.channels.emplace(name, std::move(channel));
  log::info("channel open", {{"channel", name}});
  return opened;
}

// Chunks and segments can wait where nobody watches; the rest is rare, or large.
void Channels::tell(const std::vector<std::shared_ptr<ViewInbox>>& inboxes, const Update& update) {
  const auto urgency = std::holds_alternative<PackageEvent>(update) ? ViewInbox::Urgency::WhenSeen
                                                                    : ViewInbox::Urgency::Now;
  for (const auto& inbox : inboxes) inbox->put(update, urgency);
}

void Channels::on_ended(Home& home, const std::string& name) {
  home.channels.erase(name);
  for (const auto& other : homes_) {
    other->loop.post([&other = *other, name] {
      const auto found = other.views.find(name);
      if (found == other.views.end() || !found->second->ended()) return;
      other.forgetting[name] = other.loop.after(kEndedKept, [&other, name] {
        // Last in this task: erasing the handle ends the lambda that holds `name`.
        const std::string gone = name;  // NOLINT(performance-unnecessary-copy-initialization)
        const auto kept = other.views.find(gone);
        if (kept != other.views.end() && kept->second->ended()) other.views.erase(kept);
        other.loop.post([&other, gone] { other.forgetting.erase(gone); });
      });
    });
  }
}

ChannelView& Channels::view(std::size_t loop, const std::string& name) {
  auto& views = homes_[loop]->views;
  const auto found = views.find(name);
  if (found != views.end()) {
    found->second->look();
    return *found->second;
  }
  const std::optional<ChannelOptions> options = configure_(name);
  const Latency latency = options ? options->latency : Latency::Low;
  return *views.emplace(name, std::make_unique<ChannelView>(name, latency)).first->second;
}

ChannelView* Channels::find_view(std::size_t loop, const std::string& name) {
  const auto& views = homes_[loop]->views;
  const auto found = views.find(name);
  if (found == views.end()) return nullptr;
  found->second->look();
  return found->second.get();
}

void Channels::forget(std::size_t loop, const std::string& name) {
  Home& home = *homes_[loop];
  const auto found = home.views.find(name);
  if (found == home.views.end() || found->second->has_listeners()) return;
  if (!found->second->opened()) home.views.erase(found);
}

void Channels::purge(const std::string& name, Executor& reply_to,
                     std::function<void(ChannelView::Held)> done) {
  struct Gathering {
    ChannelView::Held held;  // every loop has the same; a loop that was asked late may have less
    std::size_t missing;
    std::function<void(ChannelView::Held)> done;
  };
  auto gathering = std::make_shared<Gathering>(Gathering{{}, homes_.size(), std::move(done)});
  const auto forget = [name, &reply_to, gathering](Home& home) {
    ChannelView::Held held;
    const auto found = home.views.find(name);
    // One that nobody opened has nothing in it, and viewers who wait.
    if (found != home.views.end() && found->second->ended()) {
      held = found->second->held();
      home.forgetting.erase(name);
      home.views.erase(found);
    }
    reply_to.post([gathering, held] {
      gathering->held.segments = std::max(gathering->held.segments, held.segments);
      gathering->held.bytes = std::max(gathering->held.bytes, held.bytes);
      if (--gathering->missing == 0) gathering->done(gathering->held);
    });
  };
  Home& home = *homes_[home_of(name)];
  home.loop.post([this, &home, name, forget] {
    const auto found = home.channels.find(name);
    if (found != home.channels.end()) found->second->end();
    // After the task with which an ended channel goes, and what that tells the loops.
    home.loop.post([this, forget] {
      for (const auto& other : homes_) {
        other->loop.post([forget, &other = *other] { forget(other); });
      }
    });
  });
}

void Channels::list(Executor& reply_to, std::function<void(std::vector<ChannelStatus>)> done) {
  struct Gathering {
    std::vector<ChannelStatus> found;
    std::size_t missing;
    std::function<void(std::vector<ChannelStatus>)> done;
  };
  auto gathering = std::make_shared<Gathering>(
      Gathering{.found = {}, .missing = homes_.size(), .done = std::move(done)});
  for (const auto& home : homes_) {
    home->loop.post([home = home.get(), &reply_to, gathering] {
      std::vector<ChannelStatus> own;
      for (const auto& [name, channel] : home->channels) own.push_back(channel->status());
      reply_to.post([gathering, own = std::move(own)] {
        gathering->found.insert(gathering->found.end(), own.begin(), own.end());
        if (--gathering->missing == 0) gathering->done(std::move(gathering->found));
      });
    });
  }
}

void Channels::reconfigure() {
  for (const auto& home : homes_) {
    home->loop.post([this, home = home.get()] {
      for (const auto& [name, channel] : home->channels) {
        if (const auto options = configure_(name)) channel->configure(*options);
      }
    });
  }
}

void Channels::end_all() {
  for (const auto& home : homes_) {
    home->loop.post([home = home.get()] {
      for (const auto& [name, channel] : home->channels) channel->end();
    });
  }
}

}  // namespace butai::live
