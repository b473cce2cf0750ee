// Cues as players fetch them: segmented WebVTT for HLS, wvtt for DASH, cut where the picture is cut.
// Flow:   live::CueLog (what is seen in a segment) -> here -> delivery/hls/captions
// Thread: pure functions, any.
// Limits: the log's.
// Spec:   WebVTT (W3C 2019) clauses 4 and 6; RFC 8216bis (draft 22) clause 3.1.4 (X-TIMESTAMP-MAP).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "live/captions.h"

namespace butai::package {

using CuesSeen = std::vector<const live::Cue*>;

// In playlists, manifests and addresses: "captions-ja".
std::string captions_name(std::string_view language);

// Times of the cues are UTC since midnight, and the header says where on the media's clock the segment's
// start is. A cue that stands across a cut is in both segments, clipped to each: players take the same cue
// with two times for two.
std::string webvtt_segment(const CuesSeen& cues, Ticks start, Ticks duration);
// A sample from each change to the next, clipped to the segment.
Bytes wvtt_segment(const CuesSeen& cues, Ticks start, Ticks duration);

}  // namespace butai::package
