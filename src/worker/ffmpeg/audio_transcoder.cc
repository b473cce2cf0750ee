#include "worker/ffmpeg/audio_transcoder.h"

namespace butai::worker {

std::expected<std::unique_ptr<AudioTranscoder>, std::string> AudioTranscoder::open(
    const AVCodecParameters& parameters, AVRational time_base, const Encoding& encoding,
    FrameSink& sink) {
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (codec == nullptr) return std::unexpected("FFmpeg of this machine cannot decode this sound");
  std::unique_ptr<AudioTranscoder> made(new AudioTranscoder(time_base, encoding, sink));
  made->decoder_.reset(avcodec_alloc_context3(codec));
  made->decoded_ = av::new_frame();
  avcodec_parameters_to_context(made->decoder_.get(), &parameters);
  made->decoder_->pkt_timebase = time_base;
  made->decoder_->thread_count = 1;
  if (const int error = avcodec_open2(made->decoder_.get(), codec, nullptr); error < 0) {
    return std::unexpected("The sound cannot be decoded: " + av::error_text(error));
  }
  return made;
}

void AudioTranscoder::take(const AVPacket* packet) {
  if (avcodec_send_packet(decoder_.get(), packet) < 0) return;  // damaged: a gap, filled later
  while (avcodec_receive_frame(decoder_.get(), decoded_.get()) >= 0) {
    const std::int64_t at = decoded_->best_effort_timestamp;
    encoder_.take(*decoded_,
                  at == av::kNoTime ? at : av_rescale_q(at, time_base_, AVRational{1, kSoundRate}));
    av_frame_unref(decoded_.get());
  }
  if (packet == nullptr) encoder_.finish();
}

}  // namespace butai::worker
