// Interlaced pictures made whole by FFmpeg's bwdif, which looks at the fields before and after: no combing,
// and little of the vertical detail is lost.
// Flow:   VideoDecoder -> here -> PictureConverter
// Thread: its job's; the filter adds slice threads.
// Limits: one picture is held back, 33 ms at 29.97 a second.
#pragma once

#include <cstdint>
#include <functional>

#include "worker/ffmpeg/av.h"

namespace butai::worker {

class Deinterlacer {
 public:
  // EachField: 59.94 pictures of 59.94 fields. EachFrame: half as many.
  enum class Rate : std::uint8_t { EachField, EachFrame };
  using Take = std::function<void(AVFrame& picture, std::int64_t pts)>;  // pts in `time_base`

  Deinterlacer(Rate rate, AVRational time_base) : rate_(rate), time_base_(time_base) {}

  // False: FFmpeg does not take this picture. A progressive one passes as it is.
  bool put(AVFrame& picture, std::int64_t pts, const Take& take);
  void finish(const Take& take);

 private:
  bool prepare(const AVFrame& picture);
  void take_out(const Take& take);

  Rate rate_;
  AVRational time_base_;
  av::Own<AVFilterGraph> graph_;
  AVFilterContext *in_ = nullptr, *out_ = nullptr;  // of the graph
  int width_ = 0, height_ = 0, format_ = -1;
  av::FramePtr result_ = av::new_frame();
};

}  // namespace butai::worker
