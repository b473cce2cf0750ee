// What a viewer gets before the first chunk of a presentation: `init` and one init segment, framed.
// Thread: any; pure.
// Spec:   DESIGN section 5; the mime's codecs parameter is RFC 6381.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "live/chunk.h"

namespace butai::delivery::websocket {

inline constexpr std::size_t kInitMessages = 2;

// Two whole WebSocket frames of a server. `edge`: the end of the newest chunk.
Bytes init_frames(const live::Presentation& presentation, Utc edge);

}  // namespace butai::delivery::websocket
