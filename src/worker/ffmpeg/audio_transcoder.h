// Any sound codec made into AAC.
// Flow:   packets -> decoder -> AacEncoder -> FrameSink
// Thread: its job's.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "worker/ffmpeg/aac_encoder.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"

namespace butai::worker {

class AudioTranscoder {
 public:
  // `parameters` outlive it.
  static std::expected<std::unique_ptr<AudioTranscoder>, std::string> open(
      const AVCodecParameters& parameters, AVRational time_base, const Encoding& encoding,
      FrameSink& sink);

  void take(const AVPacket* packet);  // null: the end
  // The source goes on with other channels: some decoders learn of dual mono at their beginning only.
  std::expected<void, std::string> begin_decoder();

 private:
  AudioTranscoder(const AVCodecParameters& parameters, AVRational time_base,
                  const Encoding& encoding, FrameSink& sink)
      : parameters_(parameters),
        time_base_(time_base),
        dual_mono_(encoding.dual_mono),
        encoder_(encoding, sink) {}

  const AVCodecParameters& parameters_;
  AVRational time_base_;
  media::DualMono dual_mono_;
  av::CodecPtr decoder_;
  av::FramePtr decoded_;
  AacEncoder encoder_;
};

}  // namespace butai::worker
