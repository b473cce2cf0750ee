// Any decoded picture as what every browser can play: 4:2:0, 8 bits, even sides, progressive,
// limited range.
// Flow:   decoder -> PictureConverter -> VideoEncoder
// Thread: its job's.
// Limits: sides <= kPictureSideMax; larger pictures are refused.
#pragma once

#include "worker/ffmpeg/av.h"

namespace butai::worker {

class PictureConverter {
 public:
  // Sides of the result; 0: those of the picture, made even.
  explicit PictureConverter(int width = 0, int height = 0) : width_(width), height_(height) {}

  // The picture itself if nothing needs to be done, else one of our own that lives until the next
  // call. Times and key marks are copied. Null: impossible size or no memory.
  AVFrame* convert(AVFrame& picture);

 private:
  bool prepare(const AVFrame& picture, int width, int height);

  int width_, height_;
  av::FramePtr result_;
  av::Own<SwsContext> scaler_;
};

}  // namespace butai::worker
