// What a viewer gets before the first chunk of a presentation: `init` and one init segment, framed.
// Thread: any; pure.
// Spec:   DESIGN section 5; the mime's codecs parameter is RFC 6381.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "live/chunk.h"

namespace butai::delivery::websocket {

inline constexpr std::size_t kInitMessages = 2;

// Two whole WebSocket frames of a server. `rendition`: one of the ladder, with the source's sound; empty:
// the source's own. Nothing when there is no such rendition. `edge`: the end of the newest chunk.
Bytes init_frames(const live::Presentation& presentation, std::string_view rendition, Utc edge);

}  // namespace butai::delivery::websocket
