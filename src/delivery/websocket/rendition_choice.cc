#include "delivery/websocket/rendition_choice.h"

#include <algorithm>
#include <functional>

#include "delivery/limits.h"

namespace butai::delivery::websocket {
namespace {

// Whether its newest chunk is as near to the edge as encoding allows.
bool is_made(const live::ChannelView& view, const live::Rendition& rendition) {
  const live::SegmentLog* log = view.log(rendition.track.id);
  if (log == nullptr || log->segments().empty()) return false;
  const live::Segment& last = log->segments().back();
  const Utc newest = last.chunks.empty() ? last.start.utc() : last.chunks.back()->start.utc();
  return view.edge() - newest <= kRenditionStillMax;
}

}  // namespace

std::vector<std::string> renditions_for(const live::ChannelView& view, const std::string& highest) {
  const live::PresentationPtr& presentation = view.presentation();
  const live::Rendition* wished = highest.empty() ? nullptr : view.rendition(highest);
  if (wished != nullptr && wished->track.codec == media::Codec::Aac) {
    return {is_made(view, *wished) ? highest : ""};
  }
  if (wished != nullptr && wished->track.id < media::kFirstRung) wished = nullptr;
  std::vector<const live::Rendition*> smaller;
  if (presentation) {
    for (const live::Rendition& rendition : presentation->renditions) {
      const media::Track& track = rendition.track;
      const bool bounded = wished == nullptr || track.height <= wished->track.height;
      const bool picture = track.id >= media::kFirstRung && track.codec == media::Codec::H264;
      if (picture && bounded && is_made(view, rendition)) smaller.push_back(&rendition);
    }
  }
  std::ranges::stable_sort(smaller, std::greater{},
                           [](const live::Rendition* each) { return each->track.height; });
  std::vector<std::string> names;
  if (wished == nullptr || smaller.empty()) names.emplace_back();
  for (const live::Rendition* each : smaller) names.push_back(each->name);
  return names;
}

std::string sound_for(const live::ChannelView& view, const std::string& wished) {
  const live::Rendition* sound = wished.empty() ? nullptr : view.rendition(wished);
  return sound != nullptr && sound->track.id == media::kSecondSound ? wished : "";
}

}  // namespace butai::delivery::websocket
