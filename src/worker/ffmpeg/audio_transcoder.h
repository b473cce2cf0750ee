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
  static std::expected<std::unique_ptr<AudioTranscoder>, std::string> open(
      const AVCodecParameters& parameters, AVRational time_base, const Encoding& encoding,
      FrameSink& sink);

  void take(const AVPacket* packet);  // null: the end

 private:
  AudioTranscoder(AVRational time_base, const Encoding& encoding, FrameSink& sink)
      : time_base_(time_base), encoder_(encoding, sink) {}

  AVRational time_base_;
  av::CodecPtr decoder_;
  av::FramePtr decoded_;
  AacEncoder encoder_;
};

}  // namespace butai::worker
