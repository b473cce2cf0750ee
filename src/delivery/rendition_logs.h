// The renditions that are on now, each with its log: what playlist and manifest writers want.
#pragma once

#include <vector>

#include "live/channel_view.h"
#include "package/listing.h"

namespace butai::delivery {

inline std::vector<package::RenditionLog> rendition_logs(const live::ChannelView& view) {
  std::vector<package::RenditionLog> all;
  if (!view.presentation()) return all;
  for (const live::Rendition& rendition : view.presentation()->renditions) {
    if (const auto* log = view.log(rendition.track.id)) all.push_back({&rendition, log});
  }
  return all;
}

}  // namespace butai::delivery
