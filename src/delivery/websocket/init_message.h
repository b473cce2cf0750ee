// What a viewer gets before the first chunk of a presentation: `init` and one init segment, framed.
// Thread: any; pure.
// Spec:   DESIGN section 5; the mime's codecs parameter is RFC 6381.
#pragma once

#include <compare>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "live/chunk.h"

namespace butai::delivery::websocket {

inline constexpr std::size_t kInitMessages = 2;

// What of a presentation a viewer gets.
struct Choice {
  std::string rendition;  // one of the ladder, with the source's sound; empty: the source's own
  std::string sound;      // beside a picture; empty: the first
  friend auto operator<=>(const Choice&, const Choice&) = default;
};

// The sound of this name among the source's, null when there is none; empty: the first.
const live::Rendition* find_sound(const live::Presentation& presentation, std::string_view name);

// Two whole WebSocket frames of a server. Nothing when there is no such rendition. `edge`: the end of
// the newest chunk.
Bytes init_frames(const live::Presentation& presentation, const Choice& choice, Utc edge);

}  // namespace butai::delivery::websocket
