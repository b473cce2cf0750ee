// Everything a channel tells the loops: small values, whose contents are shared and never change.
// Flow:   live::Channel -> live::Channels -> live::ViewInbox -> live::ChannelView on every loop
// Thread: a copy for each loop.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "live/captions.h"
#include "live/chunk.h"
#include "media/frame.h"

namespace butai::live {

using PicturePtr = std::shared_ptr<const media::Picture>;

enum class InputSlot : std::uint8_t { A, B };
inline char letter(InputSlot slot) { return slot == InputSlot::A ? 'a' : 'b'; }

// The picture stopped (viewers are told `gap`) or goes on; which input is on.
struct OnAir {
  bool live = false;
  InputSlot input = InputSlot::A;
};
// Who holds the inputs; the definitive answer is the channel's, this copy lets a loop refuse early.
struct InputsTaken {
  std::string subject[2];  // empty: free; by InputSlot
};
struct Ended {};

using Update = std::variant<PackageEvent, PicturePtr, OnAir, InputsTaken, CuesPtr, Ended>;

}  // namespace butai::live
