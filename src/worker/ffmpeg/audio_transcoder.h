// Any sound codec made into AAC, and the two programmes of dual mono into a sound each.
// Flow:   packets -> decoder -> AacEncoder -> FrameSink
// Thread: its job's.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "worker/ffmpeg/aac_encoder.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"

namespace butai::worker {

class AudioTranscoder {
 public:
  // `parameters` outlive it. `ids`: of what is made; two where programmes may be split.
  static std::expected<std::unique_ptr<AudioTranscoder>, std::string> open(
      const AVCodecParameters& parameters, AVRational time_base,
      const std::vector<media::TrackId>& ids, const Encoding& encoding, FrameSink& sink);

  void take(const AVPacket* packet);  // null: the end
  // The source goes on with other channels: some decoders learn of dual mono at their beginning only.
  std::expected<void, std::string> begin_decoder();
  // Of two sounds each gets its channel from now on, or both the whole.
  void split(bool programmes) { split_ = programmes; }

 private:
  AudioTranscoder(const AVCodecParameters& parameters, AVRational time_base,
                  const std::vector<media::TrackId>& ids, const Encoding& encoding,
                  FrameSink& sink);

  const AVPacket* wanting_both(const AVPacket& packet);
  const AVFrame& sound_of(std::size_t encoder);

  const AVCodecParameters& parameters_;
  AVRational time_base_;
  media::DualMono dual_mono_;
  av::CodecPtr decoder_;
  av::FramePtr decoded_;
  av::FramePtr programme_;  // points into decoded_
  av::PacketPtr told_;
  bool split_ = false;
  std::vector<AacEncoder> encoders_;
};

}  // namespace butai::worker
