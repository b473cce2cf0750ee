#include "delivery/websocket/cue_drip.h"

#include <algorithm>
#include <boost/json.hpp>

#include "delivery/limits.h"

namespace butai::delivery::websocket {
namespace {

std::string message_of(const live::Cue& cue) {
  return boost::json::serialize(boost::json::object{{"type", "cue"},
                                                    {"language", cue.language},
                                                    {"start", micros_of(cue.start)},
                                                    {"end", micros_of(cue.end)},
                                                    {"text", cue.text}});
}

}  // namespace

std::vector<std::string> CueDrip::due() {
  std::vector<std::string> messages;
  const Utc from = std::max(told_, view_.edge()), until = view_.edge() + kCuesAhead;
  if (until <= told_) return messages;
  for (const std::string& language : view_.cues().languages()) {
    for (const live::Cue* cue : view_.cues().between(language, from, until)) {
      if (cue->start >= told_) messages.push_back(message_of(*cue));
    }
  }
  told_ = until;
  return messages;
}

std::vector<std::string> CueDrip::fresh(const live::Cues& cues) const {
  std::vector<std::string> messages;
  for (const live::Cue& cue : cues) {
    if (cue.start < told_) messages.push_back(message_of(cue));
  }
  return messages;
}

std::vector<std::string> CueDrip::known() const {
  std::vector<std::string> messages;
  if (told_ <= view_.edge()) return messages;
  for (const std::string& language : view_.cues().languages()) {
    for (const live::Cue* cue : view_.cues().between(language, view_.edge(), told_)) {
      messages.push_back(message_of(*cue));
    }
  }
  return messages;
}

}  // namespace butai::delivery::websocket
