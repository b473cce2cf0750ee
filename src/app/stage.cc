#include "app/stage.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace butai::app {

void HouseStage::close(const std::string& channel) {
  const std::lock_guard lock(mutex_);
  closed_.insert(channel);
}

bool HouseStage::closed(const std::string& channel) const {
  const std::lock_guard lock(mutex_);
  return closed_.contains(channel);
}

void HouseStage::open(const std::string& channel) {
  {
    const std::lock_guard lock(mutex_);
    closed_.erase(channel);
  }
  channels_.with_channel(channel, live::Channels::IfMissing::Open, [](live::Channel*) {});
}

void HouseStage::end(const std::string& channel) {
  close(channel);
  channels_.with_channel(channel, live::Channels::IfMissing::Leave, [](live::Channel* found) {
    if (found != nullptr) found->end();
  });
}

void HouseStage::purge(const std::string& channel, Executor& home,
                       std::move_only_function<void(ticketing::Purged)> done) {
  close(channel);
  auto shared = std::make_shared<decltype(done)>(std::move(done));
  channels_.purge(channel, home, [shared](live::ChannelView::Held held) {
    (*shared)({held.segments, held.bytes});
  });
}

std::vector<ticketing::DestroyedKey> HouseStage::destroy_keys(store::Sql& sql,
                                                              const std::string& channel) {
  std::vector<ticketing::DestroyedKey> keys;
  for (const auto& one : vault_.destroy(sql.session(), channel)) {
    keys.push_back({one.kid, one.maker == keys::Maker::BuiltIn});
  }
  return keys;
}

void HouseStage::find_dark(std::vector<std::string> channels, Executor& home,
                           std::move_only_function<void(std::vector<std::string>)> done) {
  auto shared = std::make_shared<decltype(done)>(std::move(done));
  channels_.list(home, [channels = std::move(channels),
                        shared](const std::vector<live::ChannelStatus>& all) mutable {
    std::erase_if(channels, [&all](const std::string& name) {
      return std::ranges::any_of(
          all, [&name](const auto& one) { return one.options.name == name && one.live; });
    });
    (*shared)(std::move(channels));
  });
}

}  // namespace butai::app
