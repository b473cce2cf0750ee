// The picture's path on one screen: which readers of clear frames a new channel gets.
// Thread: called on the channel's loop.
#pragma once

#include "live/channel.h"

namespace butai::app {

void furnish_channel(live::Channel& channel);

}  // namespace butai::app
