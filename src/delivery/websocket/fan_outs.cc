#include "delivery/websocket/fan_outs.h"

#include <utility>

namespace butai::delivery::websocket {

FanOuts::FanOuts(const Ports& ports) : ports_(ports) {
  for (std::size_t loop = 0; loop < ports.open_sockets.loops(); ++loop) {
    loops_.push_back(std::make_unique<PerLoop>(ports.metrics, loop));
  }
}

FanOut& FanOuts::of(net::Loop& loop, const std::string& channel, FanOut::Feed feed,
                    const Choice& choice, Millis interval) {
  PerLoop& here = *loops_[loop.index()];
  auto& fan_out = here.all[{channel, feed, choice, interval}];
  if (!fan_out || fan_out->ended()) {
    fan_out = std::make_unique<FanOut>(ports_.channels.view(loop.index(), channel), feed, choice,
                                       interval, loop, ports_.clock, here.counters);
  }
  return *fan_out;
}

void FanOuts::release(net::Loop& loop, const std::string& channel) {
  loop.post([this, index = loop.index(), channel] {
    auto& all = loops_[index]->all;
    auto at = all.lower_bound({channel, {}, {}, {}});
    while (at != all.end() && std::get<0>(at->first) == channel) {
      at = at->second->empty() ? all.erase(at) : std::next(at);
    }
    ports_.channels.forget(index, channel);
  });
}

}  // namespace butai::delivery::websocket
