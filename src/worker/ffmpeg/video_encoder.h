// x264 without delay: one picture in, one access unit out.
// Flow:   decoded or drawn picture (4:2:0, 8 bits) -> VideoEncoder -> Output
// Thread: its job's; x264 adds at most `threads` of its own for slices.
// Limits: rate and VBV of Encoding; sides <= kPictureSideMax.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "media/frame.h"
#include "media/track.h"
#include "worker/avc_units.h"
#include "worker/ffmpeg/av.h"
#include "worker/line.h"

namespace butai::worker {

// Which pictures must be key frames: the first, and the first of every segment of UTC.
class KeyFrameGrid {
 public:
  explicit KeyFrameGrid(Micros segment) : segment_(segment) {}
  void ask() { asked_ = true; }
  // Called once for each picture, in order.
  bool is_key(Utc when);

 private:
  Micros segment_;
  std::optional<std::int64_t> index_;
  bool asked_ = true;
};

class VideoEncoder {
 public:
  struct Options {
    int width = 0, height = 0;  // even
    media::Rational frame_rate{30, 1};
    std::uint32_t timescale = 90'000;  // of pts
    Encoding encoding;
    AVRational sample_aspect{0, 1};
    AVColorRange range = AVCOL_RANGE_MPEG;
    AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
    AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
    AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
    // Shape and colours of `picture`. A source of 720 lines and more that does not say its colours has
    // those of BT.709, which a smaller rendition must say: players would take it for BT.601.
    void take_look(const AVFrame& picture, int source_height);
  };
  static std::expected<std::unique_ptr<VideoEncoder>, std::string> open(const Options& options);

  const media::Track& track() const { return track_; }
  // `picture.pts` in the timescale, always rising. Nothing: x264 refused it.
  std::optional<media::Frame> encode(AVFrame& picture, bool key);

 private:
  VideoEncoder() = default;

  av::CodecPtr codec_;
  av::PacketPtr packet_;
  AvcUnits units_;
  media::Track track_;
};

}  // namespace butai::worker
