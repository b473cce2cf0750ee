// Sound of any rate and form made into AAC-LC at 48 kHz, mono or stereo.
// Flow:   samples -> 48 kHz float -> 1024 at a time -> AAC encoder -> FrameSink
// Thread: its job's.
// Limits: less than one AAC frame waits here, and at most one second of silence is put into a gap.
//
// Samples are counted, not packets: the source's times only correct the count when they are more
// than kSlackSamples away from it, by silence, by leaving samples out, or by a jump.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"
#include "worker/line.h"

namespace butai::worker {

inline constexpr int kSoundRate = 48'000;  // Hz; what Opus is and every browser plays

class AacEncoder {
 public:
  AacEncoder(media::TrackId id, const Encoding& encoding, FrameSink& sink)
      : id_(id), encoding_(encoding), sink_(sink) {}

  // `at`: time of the first sample in 1/48000 s, or av::kNoTime: right after the last.
  void take(const AVFrame& sound, std::int64_t at);
  void finish();

 private:
  bool prepare_encoder(const AVFrame& sound);
  bool prepare_resampler(const AVFrame& sound);
  void resample(const AVFrame& sound);
  void place(std::int64_t at);
  void encode_whole_frames();
  void encode(AVFrame* sound);
  void announce();

  media::TrackId id_;
  Encoding encoding_;
  FrameSink& sink_;
  av::CodecPtr codec_;
  av::FramePtr input_;
  av::PacketPtr packet_;
  av::Own<SwrContext> resampler_;
  int source_rate_ = 0, source_format_ = -1, source_channels_ = 0;
  int channels_ = 0;
  std::array<std::vector<float>, 2> waiting_;  // per channel
  std::int64_t waiting_at_ = av::kNoTime;      // time of the first sample in waiting_
  std::int64_t first_at_ = av::kNoTime;        // packets before are priming
};

}  // namespace butai::worker
