#include "worker/ffmpeg/audio_transcoder.h"

#include <algorithm>
#include <cstring>

namespace butai::worker {
namespace {

constexpr int kRate = 48'000;                    // Hz; what Opus is and every browser plays
constexpr std::int64_t kSlackSamples = 40 * 48;  // 40 ms: below, the ear misses nothing
constexpr std::int64_t kJumpSamples = kRate;     // 1 s: beyond, it is another time

}  // namespace

std::expected<std::unique_ptr<AudioTranscoder>, std::string> AudioTranscoder::open(
    const AVCodecParameters& parameters, AVRational time_base, const Encoding& encoding,
    FrameSink& sink) {
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (codec == nullptr) return std::unexpected("FFmpeg of this machine cannot decode this sound");
  std::unique_ptr<AudioTranscoder> made(new AudioTranscoder(sink));
  made->encoding_ = encoding;
  made->time_base_ = time_base;
  made->decoder_.reset(avcodec_alloc_context3(codec));
  made->decoded_ = av::new_frame();
  made->packet_ = av::new_packet();
  avcodec_parameters_to_context(made->decoder_.get(), &parameters);
  made->decoder_->pkt_timebase = time_base;
  made->decoder_->thread_count = 1;
  if (const int error = avcodec_open2(made->decoder_.get(), codec, nullptr); error < 0) {
    return std::unexpected("The sound cannot be decoded: " + av::error_text(error));
  }
  return made;
}

void AudioTranscoder::take(const AVPacket* packet) {
  if (avcodec_send_packet(decoder_.get(), packet) < 0) return;
  while (avcodec_receive_frame(decoder_.get(), decoded_.get()) >= 0) {
    if (prepare_encoder(*decoded_, encoding_) && prepare_resampler(*decoded_)) {
      if (decoded_->best_effort_timestamp != av::kNoTime) {
        place(av_rescale_q(decoded_->best_effort_timestamp, time_base_, {1, kRate}));
      }
      resample(*decoded_);
      encode_whole_frames();
    }
    av_frame_unref(decoded_.get());
  }
  if (packet == nullptr && encoder_) encode(nullptr);
}

// Brings the count of samples to `at`, where the next ones belong.
void AudioTranscoder::place(std::int64_t at) {
  if (waiting_at_ == av::kNoTime) {
    waiting_at_ = first_at_ = at;
    return;
  }
  auto& first = waiting_[0];
  const std::int64_t ahead = at - (waiting_at_ + static_cast<std::int64_t>(first.size()));
  if (std::abs(ahead) <= kSlackSamples) return;
  if (std::abs(ahead) > kJumpSamples) {
    for (auto& channel : waiting_) channel.clear();
    waiting_at_ = at;
  } else if (ahead > 0) {
    const std::size_t size = first.size() + static_cast<std::size_t>(ahead);
    for (int c = 0; c < channels_; ++c) waiting_[c].resize(size);  // silence
  } else {
    const auto drop = std::min(static_cast<std::size_t>(-ahead), first.size());
    for (int c = 0; c < channels_; ++c) waiting_[c].resize(waiting_[c].size() - drop);
  }
}

bool AudioTranscoder::prepare_encoder(const AVFrame& sound, const Encoding& encoding) {
  if (encoder_) return true;
  const AVCodec* aac = avcodec_find_encoder_by_name("aac");
  if (aac == nullptr) return false;
  channels_ = std::clamp(sound.ch_layout.nb_channels, 1, 2);
  encoder_.reset(avcodec_alloc_context3(aac));
  encoder_->sample_rate = kRate;
  encoder_->sample_fmt = AV_SAMPLE_FMT_FLTP;
  av_channel_layout_default(&encoder_->ch_layout, channels_);
  encoder_->bit_rate = encoding.audio_bitrate;
  encoder_->time_base = {1, kRate};
  encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (avcodec_open2(encoder_.get(), aac, nullptr) < 0) {
    encoder_.reset();
    return false;
  }
  encoder_input_ = av::new_frame();
  encoder_input_->format = AV_SAMPLE_FMT_FLTP;
  encoder_input_->sample_rate = kRate;
  encoder_input_->nb_samples = encoder_->frame_size;
  av_channel_layout_copy(&encoder_input_->ch_layout, &encoder_->ch_layout);
  if (av_frame_get_buffer(encoder_input_.get(), 0) < 0) return false;
  announce();
  return true;
}

void AudioTranscoder::announce() {
  media::Track track;
  track.id = media::kAudioTrack;
  track.codec = media::Codec::Aac;
  track.timescale = track.sample_rate = kRate;
  track.channels = static_cast<std::uint16_t>(channels_);
  track.bitrate = encoding_.audio_bitrate;
  track.config = Bytes::copy_of(
      ByteView{encoder_->extradata, static_cast<std::size_t>(encoder_->extradata_size)});
  sink_.describe(std::move(track));
}

bool AudioTranscoder::prepare_resampler(const AVFrame& sound) {
  const bool same = resampler_ && source_rate_ == sound.sample_rate &&
                    source_format_ == sound.format &&
                    source_channels_ == sound.ch_layout.nb_channels;
  if (same) return true;
  SwrContext* made = nullptr;
  swr_alloc_set_opts2(&made, &encoder_->ch_layout, AV_SAMPLE_FMT_FLTP, kRate,
                      const_cast<AVChannelLayout*>(&sound.ch_layout),
                      static_cast<AVSampleFormat>(sound.format), sound.sample_rate, 0, nullptr);
  resampler_.reset(made);
  if (made == nullptr || swr_init(made) < 0) {
    resampler_.reset();
    return false;
  }
  source_rate_ = sound.sample_rate;
  source_format_ = sound.format;
  source_channels_ = sound.ch_layout.nb_channels;
  return true;
}

void AudioTranscoder::resample(const AVFrame& sound) {
  if (waiting_at_ == av::kNoTime) return;
  const int most = swr_get_out_samples(resampler_.get(), sound.nb_samples);
  if (most <= 0) return;
  const std::size_t before = waiting_[0].size();
  std::array<std::uint8_t*, 2> to{};
  for (int c = 0; c < channels_; ++c) {
    waiting_[c].resize(before + static_cast<std::size_t>(most));
    to[c] = reinterpret_cast<std::uint8_t*>(waiting_[c].data() + before);
  }
  const int made = swr_convert(resampler_.get(), to.data(), most,
                               const_cast<const std::uint8_t**>(sound.extended_data),
                               sound.nb_samples);
  for (int c = 0; c < channels_; ++c) {
    waiting_[c].resize(before + static_cast<std::size_t>(std::max(0, made)));
  }
}

void AudioTranscoder::encode_whole_frames() {
  const auto frame = static_cast<std::size_t>(encoder_->frame_size);
  std::size_t used = 0;
  for (; waiting_[0].size() - used >= frame; used += frame) {
    if (av_frame_make_writable(encoder_input_.get()) < 0) return;
    for (int c = 0; c < channels_; ++c) {
      std::memcpy(encoder_input_->data[c], waiting_[c].data() + used, frame * sizeof(float));
    }
    encoder_input_->pts = waiting_at_ + static_cast<std::int64_t>(used);
    encode(encoder_input_.get());
  }
  for (int c = 0; c < channels_; ++c) {
    waiting_[c].erase(waiting_[c].begin(), waiting_[c].begin() + static_cast<std::ptrdiff_t>(used));
  }
  if (waiting_at_ != av::kNoTime) waiting_at_ += static_cast<std::int64_t>(used);
}

void AudioTranscoder::encode(AVFrame* sound) {
  if (avcodec_send_frame(encoder_.get(), sound) < 0) return;
  while (avcodec_receive_packet(encoder_.get(), packet_.get()) >= 0) {
    // The first frame only fills the encoder's window; players would hear silence before time.
    if (packet_->pts >= first_at_) {
      media::Frame frame;
      frame.track = media::kAudioTrack;
      frame.dts = frame.pts = packet_->pts;
      frame.duration = encoder_->frame_size;
      frame.key = true;
      frame.data = Bytes::copy_of(
          ByteView{packet_->data, static_cast<std::size_t>(packet_->size)});
      sink_.put(std::move(frame));
    }
    av_packet_unref(packet_.get());
  }
}

}  // namespace butai::worker
