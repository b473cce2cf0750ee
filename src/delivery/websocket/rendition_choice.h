// Which rendition a WebSocket viewer gets: what it wished for at most, as many steps lower as its line
// needs, and only one that is being made.
// Thread: pure functions, any.
// Limits: kRenditionStillMax.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "live/channel_view.h"

namespace butai::delivery::websocket {

// Names that the viewer may get, the best first; the source's own is "". `highest`: its wish, "" for no
// bound. Sound alone is given only to who asks for it.
std::vector<std::string> renditions_for(const live::ChannelView& view, const std::string& highest);

// The sound's name as a Choice has it: empty for the first, and while there is no other.
std::string sound_for(const live::ChannelView& view, const std::string& wished);

}  // namespace butai::delivery::websocket
