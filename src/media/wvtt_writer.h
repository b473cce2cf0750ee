// Captions as WebVTT in CMAF: what DASH players fetch beside picture and sound.
// Flow:   package/captions_writer -> here -> delivery/hls (captions)
// Thread: pure functions, any.
// Limits: the caller's cues bound a segment.
// Spec:   ISO/IEC 14496-30:2018 clause 7, ISO/IEC 23000-19:2020 clause 11.2 (brand "cwvt").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace butai::media {

// What is seen from one change to the next. Nothing in it: nothing is seen.
struct WvttSample {
  std::int64_t duration = 0;          // ticks
  std::vector<std::string> payloads;  // WebVTT cue text, one for each cue that is seen
};

Bytes write_wvtt_init(std::uint32_t timescale);
// moof mdat; the samples follow each other from `start` on. `samples` is not empty.
Bytes write_wvtt_segment(std::int64_t start, std::span<const WvttSample> samples,
                         std::uint32_t sequence);

}  // namespace butai::media
