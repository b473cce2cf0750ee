// What a publisher whose media needs no worker hands to its Publication, in order.
// Flow:   rtmp/media_path -> (post, a batch at a time) -> Publication
// Thread: plain values, moved from the connection's loop to the channel's.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "media/frame.h"
#include "media/track.h"

namespace butai::ingest {

// From here on a worker makes the frames, of the container's bytes that follow. They begin with what
// was already brought since the last key frame, so that the worker can start to encode inside it.
struct Handover {
  std::int64_t base_millis = 0;  // the source's time at the container's time 0; whole seconds
};

using MediaItem = std::variant<std::vector<media::Track>, media::Frame, Handover, Bytes>;

inline std::size_t size_of(const MediaItem& item) {
  if (const auto* frame = std::get_if<media::Frame>(&item)) return frame->data.size();
  if (const auto* bytes = std::get_if<Bytes>(&item)) return bytes->size();
  return 0;
}

}  // namespace butai::ingest
