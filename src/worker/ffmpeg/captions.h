// Captions (CEA-608/708) of decoded pictures on their way into encoded ones. A picture that is left out, for
// a lower rate or as the first of two fields, leaves its captions to the next.
// Flow:   decoder -> take_captions -> CaptionCarrier of each encoder -> AVFrame -> x264 (SEI)
// Thread: its job's.
// Limits: kTripletsMax wait, the oldest go; 31 go with one picture (ATSC A/53: cc_count has 5 bits).
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "worker/ffmpeg/av.h"

namespace butai::worker {

// cc_data triplets. They leave the picture: filters would copy them into more than one.
std::vector<std::uint8_t> take_captions(AVFrame& picture);

class CaptionCarrier {
 public:
  void put(ByteView triplets);
  void give(AVFrame& picture);

 private:
  std::vector<std::uint8_t> waiting_;
};

}  // namespace butai::worker
