// Which cues the viewers of a fan-out are told, and when: a show's may come all at once, hours before.
// Flow:   live::ChannelView (CueLog) -> here -> FanOut -> text messages
// Thread: one loop, with its fan-out.
// Limits: kCuesAhead (delivery/limits.h).
#pragma once

#include <string>
#include <vector>

#include "live/channel_view.h"

namespace butai::delivery::websocket {

class CueDrip {
 public:
  explicit CueDrip(const live::ChannelView& view) : view_(view) {}

  // Messages for everybody: what came within reach since the last call.
  std::vector<std::string> due();
  // What has just come to the view and is within reach already.
  std::vector<std::string> fresh(const live::Cues& cues) const;
  // For one who joins: what is seen now, and what the others were told before.
  std::vector<std::string> known() const;

 private:
  const live::ChannelView& view_;
  Utc told_{};  // cues that begin before were told
};

}  // namespace butai::delivery::websocket
