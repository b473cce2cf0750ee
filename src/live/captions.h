// What there is to read beside the sound: captions in the picture's bytes, by name, and cues that came
// by API, kept for as long as segments are.
// Flow:   api -> Channel::caption -> Update -> CueLog on every loop -> delivery (WebVTT, wvtt, WebSocket)
// Thread: plain values; a CueLog belongs to its view's loop.
// Limits: kCuesMax, kCueBytesMax, kCueTextMax, kLanguagesMax (live/limits.h).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace butai::live {

// A BCP 47 tag as it may stand in an address: letters, digits and hyphens.
bool is_language(std::string_view text);

// Captions inside the picture: "CC1" … "CC4" of CEA-608, "SERVICE1" … "SERVICE63" of CEA-708.
struct InBandCaptions {
  std::string channel;
  std::string language;  // empty: nobody said
  friend bool operator==(const InBandCaptions&, const InBandCaptions&) = default;
};

struct Captions {
  std::vector<InBandCaptions> in_band;
  std::vector<std::string> languages;  // of cues
  friend bool operator==(const Captions&, const Captions&) = default;
};

// One line of the configuration, "CC1=ja" or "ja". False: it is neither.
bool add_captions(Captions& captions, std::string_view line);

struct Cue {
  Utc start, end;
  std::string language;
  std::string text;  // plain, lines separated by \n
};
using Cues = std::vector<Cue>;
using CuesPtr = std::shared_ptr<const Cues>;

class CueLog {
 public:
  // `settled`: up to here parts are published and never change any more.
  void add(const Cues& cues, Utc settled);
  // Those of this language that are seen between the two, oldest first. What came after the part was
  // published is not among them, so a part and a segment are the same whenever they are asked for.
  std::vector<const Cue*> between(std::string_view language, Utc start, Utc end) const;
  // In the order in which they came.
  const std::vector<std::string>& languages() const { return languages_; }

 private:
  struct Entry {
    Cue cue;
    Utc from;
  };
  std::deque<Entry> entries_;
  std::vector<std::string> languages_;
};

}  // namespace butai::live
