// Captured pictures on their way to the parent, as butai publish asked for them: H.264 or JPEG.
// Flow:   drawn, decoded or camera picture -> PictureOutput -> FrameSink, or ParentLink (JPEG)
// Thread: its job's.
// Limits: the size of Capture; sides <= kPictureSideMax.
#pragma once

#include <memory>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/picture_converter.h"
#include "worker/ffmpeg/video_encoder.h"

namespace butai::worker {

class JpegWriter {
 public:
  // Null: FFmpeg refused the size.
  Bytes write(AVFrame& picture);  // 4:2:0, limited range, even sides

 private:
  bool prepare(const AVFrame& picture);
  av::CodecPtr codec_;
  av::FramePtr wide_;  // the picture in full range, as JPEG has it
  av::PacketPtr packet_ = av::new_packet();
};

class PictureOutput {
 public:
  PictureOutput(ParentLink& parent, const Configuration& configuration, FrameSink& sink);

  // `shown`: where the picture belongs on the time line; `captured`: when it was seen.
  void put(AVFrame& picture, Utc shown, Utc captured);
  void put_jpeg(Bytes jpeg, Utc captured);  // one that is already as the parent wants it
  void ask_key_frame() { grid_.ask(); }
  bool wants_jpeg() const { return configuration_.capture.format == Capture::Format::Jpeg; }

 private:
  void encode(AVFrame& picture, Utc shown, Utc captured);

  ParentLink& parent_;
  const Configuration& configuration_;
  FrameSink& sink_;
  PictureConverter converter_;
  KeyFrameGrid grid_;
  std::unique_ptr<VideoEncoder> encoder_;
  std::int64_t last_pts_ = -1;
  JpegWriter jpeg_;
};

}  // namespace butai::worker
