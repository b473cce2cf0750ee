// The fan-outs of every loop, one for each channel, choice and class that has viewers.
// Thread: each loop touches only its own; made once by routes().
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "delivery/ports.h"
#include "delivery/websocket/fan_out.h"

namespace butai::delivery::websocket {

class FanOuts {
 public:
  explicit FanOuts(const Ports& ports);

  // The one of this loop, made if need be. It lives until release() after its last viewer left.
  FanOut& of(net::Loop& loop, const std::string& channel, FanOut::Feed feed, const Choice& choice,
             Millis interval);
  // A viewer of `channel` left: what nobody needs any more goes, after whatever runs now.
  void release(net::Loop& loop, const std::string& channel);

 private:
  using Key = std::tuple<std::string, FanOut::Feed, Choice, Millis>;
  struct PerLoop {
    PerLoop(Metrics& metrics, std::size_t loop) : counters(metrics, loop) {}
    FanOutCounters counters;
    std::map<Key, std::unique_ptr<FanOut>> all;
  };

  const Ports& ports_;
  std::vector<std::unique_ptr<PerLoop>> loops_;
};

}  // namespace butai::delivery::websocket
