// Any picture codec made into H.264 that every browser plays, with key frames on the UTC grid.
// Flow:   packets -> decoder -> [Deinterlacer] -> PictureConverter -> VideoEncoder -> FrameSink
// Thread: its job's; decoder and encoder add slice threads.
// Limits: Encoding (rate, pictures a second); sides <= kPictureSideMax.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/captions.h"
#include "worker/ffmpeg/deinterlacer.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/picture_converter.h"
#include "worker/ffmpeg/video_encoder.h"
#include "worker/rate_policy.h"

namespace butai::worker {

// Where the source's time lies in UTC; until it is told, the source's zero is the grid's.
class SourceAnchor {
 public:
  void set(const Anchor& anchor) { offset_ = micros_of(anchor.utc) - anchor.pts_micros; }
  Utc utc(std::int64_t pts_micros) const { return utc_of(pts_micros + offset_); }

 private:
  std::int64_t offset_ = 0;
};

// Packets in, pictures out in presentation order; nothing is held back for the sake of threads.
class VideoDecoder {
 public:
  static std::expected<VideoDecoder, std::string> open(const AVCodecParameters& parameters,
                                                       AVRational time_base);
  using Take = std::function<void(AVFrame& picture, std::int64_t pts)>;  // pts in time_base
  // Null: no more packets, hand out the rest.
  void decode(const AVPacket* packet, const Take& take);

 private:
  VideoDecoder() = default;
  av::CodecPtr codec_;
  av::FramePtr picture_;
};

class VideoTranscoder {
 public:
  struct Options {
    Encoding encoding;
    std::uint32_t timescale = 90'000;
    AVRational time_base{1, 90'000};  // of the packets
    media::Rational frame_rate;       // of the source; num 0: unknown
  };
  static std::expected<std::unique_ptr<VideoTranscoder>, std::string> open(
      const AVCodecParameters& parameters, Options options, FrameSink& sink,
      const SourceAnchor& anchor);

  // Pictures up to this time (timescale) were put out before, by pass-through.
  void skip_until(std::int64_t pts) { last_pts_ = pts; }
  void ask_key_frame() { grid_.ask(); }
  void take(const AVPacket* packet);  // null: the end
  // What could not be done since the last call, for the publisher.
  std::optional<std::string> take_complaint() { return std::exchange(complaint_, std::nullopt); }

 private:
  VideoTranscoder(VideoDecoder decoder, Options options, FrameSink& sink,
                  const SourceAnchor& anchor);
  void on_decoded(AVFrame& picture, std::int64_t pts);
  void encode(AVFrame& whole, std::int64_t pts);
  bool prepare(const AVFrame& picture);

  VideoDecoder decoder_;
  Options options_;
  FrameSink& sink_;
  const SourceAnchor& anchor_;
  KeyFrameGrid grid_;
  RatePolicy rate_;
  std::unique_ptr<Deinterlacer> deinterlacer_;  // from the first interlaced picture on
  PictureConverter converter_;
  CaptionCarrier captions_;
  std::unique_ptr<VideoEncoder> encoder_;
  std::int64_t last_pts_ = av::kNoTime;
  std::optional<std::string> complaint_;
};

}  // namespace butai::worker
