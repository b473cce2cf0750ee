#include "worker/ffmpeg/audio_transcoder.h"

namespace butai::worker {

std::expected<std::unique_ptr<AudioTranscoder>, std::string> AudioTranscoder::open(
    const AVCodecParameters& parameters, AVRational time_base, const Encoding& encoding,
    FrameSink& sink) {
  std::unique_ptr<AudioTranscoder> made(new AudioTranscoder(parameters, time_base, encoding, sink));
  made->decoded_ = av::new_frame();
  if (auto begun = made->begin_decoder(); !begun) return std::unexpected(begun.error());
  return made;
}

std::expected<void, std::string> AudioTranscoder::begin_decoder() {
  const AVCodec* codec = avcodec_find_decoder(parameters_.codec_id);
  if (codec == nullptr) return std::unexpected("FFmpeg of this machine cannot decode this sound");
  decoder_.reset(avcodec_alloc_context3(codec));
  avcodec_parameters_to_context(decoder_.get(), &parameters_);
  decoder_->pkt_timebase = time_base_;
  decoder_->thread_count = 1;
  if (dual_mono_ != media::DualMono::Refuse && codec->id == AV_CODEC_ID_AAC) {
    // Both channels of what comes out are then the one programme.
    const bool first = dual_mono_ == media::DualMono::Main;
    av_opt_set(decoder_.get(), "dual_mono_mode", first ? "main" : "sub", AV_OPT_SEARCH_CHILDREN);
    // A guess at the channels would keep the decoder from seeing two programmes in ADTS.
    if (parameters_.extradata_size == 0) av_channel_layout_uninit(&decoder_->ch_layout);
  }
  if (const int error = avcodec_open2(decoder_.get(), codec, nullptr); error < 0) {
    return std::unexpected("The sound cannot be decoded: " + av::error_text(error));
  }
  return {};
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
