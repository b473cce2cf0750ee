// One access unit, clear: a coded picture or an audio frame.
// Flow:   worker -> live::Input (onto the UTC time line) -> live::Channel -> package and house
// outputs Thread: plain value, any; only the packager and house outputs ever see one (DESIGN
// decision 1).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"
#include "media/track.h"

namespace butai::media {

// Room in front of a picture's data for the boxes of a chunk of its own (prft, moof, head of mdat): the
// chunk is then made without copying it.
inline constexpr std::size_t kFrameRoom = 144;

struct Frame {
  TrackId track = kVideoTrack;
  std::int64_t dts = 0;       // decode time, in the track's timescale
  std::int64_t pts = 0;       // presentation time, same unit; pts >= dts is not promised by sources
  std::int64_t duration = 0;  // same unit; 0: unknown, to be predicted from the track's rate
  bool key = false;           // video: IDR (decoding can start here); audio: always true
  Bytes data;                 // H.264: NAL units, each with a 4-byte length; AAC: raw_data_block
  Utc captured{};             // when the camera saw it, publisher's clock; epoch: unknown
};

// One JPEG as its publisher sent it.
struct Picture {
  Bytes jpeg;
  std::uint16_t width = 0, height = 0;
  Utc arrived{};   // server's clock
  Utc captured{};  // publisher's clock, from the JPEG comment; epoch: unknown
};

}  // namespace butai::media
