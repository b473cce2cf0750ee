// The picture of a source on its way out: passed through if browsers can play it, re-encoded if not.
// Flow:   demuxer -> VideoPath -> FrameSink
// Thread: its job's.
// Limits: one group of pictures is kept, kGroupBytesMax and kGroupDurationMax.
//
//   1. H.264 of a playable kind goes through unchanged from its first key frame on.
//   2. Every packet since the last key frame is kept. When no key frame came for
//      kKeyFrameIntervalMax, these are decoded, and from the next picture on all is re-encoded.
//   3. What cannot be played (another codec, interlaced, 10 bits, 4:2:2) is re-encoded at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "worker/avc_units.h"
#include "worker/decode_times.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/video_transcoder.h"

namespace butai::worker {

// Whether the container stores decode times beside presentation times.
enum class DecodeTimesAre : std::uint8_t { Stored, Derived };

class VideoPath {
 public:
  VideoPath(const AVStream& source, DecodeTimesAre decode_times, std::uint32_t timescale,
            const Encoding& encoding, FrameSink& sink, const SourceAnchor& anchor,
            ParentLink& parent);

  void take(const AVPacket& packet);
  void finish();
  void ask_key_frame();
  bool passes_through() const { return !transcoder_; }

 private:
  void pass(const AVPacket& packet);
  void watch_group(const AVPacket& packet, bool key, std::int64_t dts);
  void describe();
  void expect_reordering();
  void start_encoding(const std::string& why);
  std::int64_t ticks(std::int64_t time) const { return av::ticks(time, time_base_, timescale_); }

  av::Own<AVCodecParameters> parameters_;
  AVRational time_base_;
  media::Rational frame_rate_;
  std::uint32_t timescale_;
  Encoding encoding_;
  FrameSink& sink_;
  const SourceAnchor& anchor_;
  ParentLink& parent_;

  AvcUnits units_;
  std::optional<DecodeTimes> decode_times_;
  bool started_ = false;     // a key frame was seen
  bool open_group_ = false;  // and since then a recovery point
  std::vector<av::PacketPtr> group_;
  std::size_t group_bytes_ = 0;
  bool group_whole_ = false;  // group_ starts with the key frame and misses nothing
  std::int64_t key_dts_ = 0, last_dts_ = av::kNoTime, latest_pts_ = av::kNoTime;
  std::int64_t interval_ = 0;  // between the last two decode times, for packets without one
  std::unique_ptr<VideoTranscoder> transcoder_;
};

}  // namespace butai::worker
