// Any sound codec made into AAC-LC at 48 kHz, mono or stereo.
// Flow:   packets -> decoder -> 48 kHz float -> 1024 samples at a time -> AAC encoder -> FrameSink
// Thread: its job's.
// Limits: less than one AAC frame waits here.
//
// Samples are counted, not packets: the source's times only correct the count when they are more
// than kSlackSamples away from it, by silence, by leaving samples out, or by a jump.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"

namespace butai::worker {

class AudioTranscoder {
 public:
  static std::expected<std::unique_ptr<AudioTranscoder>, std::string> open(
      const AVCodecParameters& parameters, AVRational time_base, const Encoding& encoding,
      FrameSink& sink);

  void take(const AVPacket* packet);  // null: the end

 private:
  explicit AudioTranscoder(FrameSink& sink) : sink_(sink) {}
  bool prepare_encoder(const AVFrame& sound, const Encoding& encoding);
  bool prepare_resampler(const AVFrame& sound);
  void resample(const AVFrame& sound);
  void place(std::int64_t at);
  void encode_whole_frames();
  void encode(AVFrame* sound);
  void announce();

  FrameSink& sink_;
  Encoding encoding_;
  AVRational time_base_{};
  av::CodecPtr decoder_, encoder_;
  av::Own<SwrContext> resampler_;
  int source_rate_ = 0, source_format_ = -1, source_channels_ = 0;
  av::FramePtr decoded_, encoder_input_;
  av::PacketPtr packet_;
  int channels_ = 0;
  std::array<std::vector<float>, 2> waiting_;  // per channel
  std::int64_t waiting_at_ = av::kNoTime;      // time of the first sample in waiting_
  std::int64_t first_at_ = av::kNoTime;        // packets before are priming
};

}  // namespace butai::worker
