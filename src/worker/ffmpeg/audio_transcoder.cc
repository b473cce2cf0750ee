#include "worker/ffmpeg/audio_transcoder.h"

namespace butai::worker {

std::expected<std::unique_ptr<AudioTranscoder>, std::string> AudioTranscoder::open(
    const AVCodecParameters& parameters, AVRational time_base,
    const std::vector<media::TrackId>& ids, const Encoding& encoding, FrameSink& sink) {
  std::unique_ptr<AudioTranscoder> made(
      new AudioTranscoder(parameters, time_base, ids, encoding, sink));
  if (auto begun = made->begin_decoder(); !begun) return std::unexpected(begun.error());
  return made;
}

AudioTranscoder::AudioTranscoder(const AVCodecParameters& parameters, AVRational time_base,
                                 const std::vector<media::TrackId>& ids, const Encoding& encoding,
                                 FrameSink& sink)
    : parameters_(parameters),
      time_base_(time_base),
      dual_mono_(encoding.dual_mono),
      decoded_(av::new_frame()),
      programme_(av::new_frame()),
      told_(av::new_packet()) {
  for (const media::TrackId id : ids) encoders_.emplace_back(id, encoding, sink);
}

std::expected<void, std::string> AudioTranscoder::begin_decoder() {
  const AVCodec* codec = avcodec_find_decoder(parameters_.codec_id);
  if (codec == nullptr) return std::unexpected("FFmpeg of this machine cannot decode this sound");
  decoder_.reset(avcodec_alloc_context3(codec));
  avcodec_parameters_to_context(decoder_.get(), &parameters_);
  decoder_->pkt_timebase = time_base_;
  decoder_->thread_count = 1;
  if (dual_mono_ != media::DualMono::Refuse && codec->id == AV_CODEC_ID_AAC) {
    // Both channels of what comes out are then the one programme; where both are wanted, packets say so.
    const char* mode = dual_mono_ == media::DualMono::Both   ? "auto"
                       : dual_mono_ == media::DualMono::Main ? "main"
                                                             : "sub";
    av_opt_set(decoder_.get(), "dual_mono_mode", mode, AV_OPT_SEARCH_CHILDREN);
    // A guess at the channels would keep the decoder from seeing two programmes in ADTS.
    if (parameters_.extradata_size == 0) av_channel_layout_uninit(&decoder_->ch_layout);
  }
  if (const int error = avcodec_open2(decoder_.get(), codec, nullptr); error < 0) {
    return std::unexpected("The sound cannot be decoded: " + av::error_text(error));
  }
  return {};
}

// The decoder's own word for both looks for no programmes in ADTS without a program_config_element.
const AVPacket* AudioTranscoder::wanting_both(const AVPacket& packet) {
  constexpr std::uint8_t kBoth = 2;
  av_packet_unref(told_.get());
  if (av_packet_ref(told_.get(), &packet) < 0) return &packet;
  std::uint8_t* say = av_packet_new_side_data(told_.get(), AV_PKT_DATA_JP_DUALMONO, 1);
  if (say != nullptr) *say = kBoth;
  return told_.get();
}

void AudioTranscoder::take(const AVPacket* packet) {
  if (packet != nullptr && encoders_.size() > 1) packet = wanting_both(*packet);
  if (avcodec_send_packet(decoder_.get(), packet) < 0) return;  // damaged: a gap, filled later
  while (avcodec_receive_frame(decoder_.get(), decoded_.get()) >= 0) {
    const std::int64_t at = decoded_->best_effort_timestamp;
    const std::int64_t samples =
        at == av::kNoTime ? at : av_rescale_q(at, time_base_, AVRational{1, kSoundRate});
    for (std::size_t i = 0; i < encoders_.size(); ++i) encoders_[i].take(sound_of(i), samples);
    av_frame_unref(decoded_.get());
  }
  if (packet != nullptr) return;
  for (AacEncoder& encoder : encoders_) encoder.finish();
}

// What was decoded, or of two programmes the one, as both channels: stereo may follow, as it may on a
// programme that is taken alone.
const AVFrame& AudioTranscoder::sound_of(std::size_t encoder) {
  const bool splits = split_ && encoders_.size() == 2 && decoded_->ch_layout.nb_channels == 2 &&
                      av_sample_fmt_is_planar(static_cast<AVSampleFormat>(decoded_->format)) != 0;
  if (!splits) return *decoded_;
  programme_->format = decoded_->format;
  programme_->sample_rate = decoded_->sample_rate;
  programme_->nb_samples = decoded_->nb_samples;
  av_channel_layout_default(&programme_->ch_layout, 2);
  programme_->data[0] = programme_->data[1] = decoded_->extended_data[encoder];
  return *programme_;
}

}  // namespace butai::worker
