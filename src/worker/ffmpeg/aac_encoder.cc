#include "worker/ffmpeg/aac_encoder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace butai::worker {
namespace {

constexpr std::int64_t kSlackSamples = 40 * 48;    // 40 ms: below, the ear misses nothing
constexpr std::int64_t kJumpSamples = kSoundRate;  // 1 s: beyond, it is another time

}  // namespace

void AacEncoder::take(const AVFrame& sound, std::int64_t at) {
  if (!prepare_encoder(sound) || !prepare_resampler(sound)) return;
  if (at != av::kNoTime) place(at);
  resample(sound);
  encode_whole_frames();
}

void AacEncoder::finish() {
  if (codec_) encode(nullptr);
}

// Brings the count of samples to `at`, where the next ones belong.
void AacEncoder::place(std::int64_t at) {
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

bool AacEncoder::prepare_encoder(const AVFrame& sound) {
  if (codec_) return true;
  const AVCodec* aac = avcodec_find_encoder_by_name("aac");
  if (aac == nullptr) return false;
  channels_ = std::clamp(sound.ch_layout.nb_channels, 1, 2);
  codec_.reset(avcodec_alloc_context3(aac));
  codec_->sample_rate = kSoundRate;
  codec_->sample_fmt = AV_SAMPLE_FMT_FLTP;
  av_channel_layout_default(&codec_->ch_layout, channels_);
  codec_->bit_rate = encoding_.audio_bitrate;
  codec_->time_base = {1, kSoundRate};
  codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (avcodec_open2(codec_.get(), aac, nullptr) < 0) {
    codec_.reset();
    return false;
  }
  packet_ = av::new_packet();
  input_ = av::new_frame();
  input_->format = AV_SAMPLE_FMT_FLTP;
  input_->sample_rate = kSoundRate;
  input_->nb_samples = codec_->frame_size;
  av_channel_layout_copy(&input_->ch_layout, &codec_->ch_layout);
  if (av_frame_get_buffer(input_.get(), 0) < 0) return false;
  announce();
  return true;
}

void AacEncoder::announce() {
  media::Track track;
  track.id = id_;
  track.codec = media::Codec::Aac;
  track.timescale = track.sample_rate = kSoundRate;
  track.channels = static_cast<std::uint16_t>(channels_);
  track.bitrate = encoding_.audio_bitrate;
  track.config =
      Bytes::copy_of(ByteView{codec_->extradata, static_cast<std::size_t>(codec_->extradata_size)});
  sink_.describe(std::move(track));
}

bool AacEncoder::prepare_resampler(const AVFrame& sound) {
  const bool same = resampler_ && source_rate_ == sound.sample_rate &&
                    source_format_ == sound.format &&
                    source_channels_ == sound.ch_layout.nb_channels;
  if (same) return true;
  SwrContext* made = nullptr;
  swr_alloc_set_opts2(&made, &codec_->ch_layout, AV_SAMPLE_FMT_FLTP, kSoundRate,
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

void AacEncoder::resample(const AVFrame& sound) {
  if (waiting_at_ == av::kNoTime) return;
  const int most = swr_get_out_samples(resampler_.get(), sound.nb_samples);
  if (most <= 0) return;
  const std::size_t before = waiting_[0].size();
  std::array<std::uint8_t*, 2> to{};
  for (int c = 0; c < channels_; ++c) {
    waiting_[c].resize(before + static_cast<std::size_t>(most));
    to[c] = reinterpret_cast<std::uint8_t*>(waiting_[c].data() + before);
  }
  const int made =
      swr_convert(resampler_.get(), to.data(), most,
                  const_cast<const std::uint8_t**>(sound.extended_data), sound.nb_samples);
  for (int c = 0; c < channels_; ++c) {
    waiting_[c].resize(before + static_cast<std::size_t>(std::max(0, made)));
  }
}

void AacEncoder::encode_whole_frames() {
  const auto frame = static_cast<std::size_t>(codec_->frame_size);
  std::size_t used = 0;
  for (; waiting_[0].size() - used >= frame; used += frame) {
    if (av_frame_make_writable(input_.get()) < 0) return;
    for (int c = 0; c < channels_; ++c) {
      std::memcpy(input_->data[c], waiting_[c].data() + used, frame * sizeof(float));
    }
    input_->pts = waiting_at_ + static_cast<std::int64_t>(used);
    encode(input_.get());
  }
  for (int c = 0; c < channels_; ++c) {
    waiting_[c].erase(waiting_[c].begin(), waiting_[c].begin() + static_cast<std::ptrdiff_t>(used));
  }
  if (waiting_at_ != av::kNoTime) waiting_at_ += static_cast<std::int64_t>(used);
}

void AacEncoder::encode(AVFrame* sound) {
  if (avcodec_send_frame(codec_.get(), sound) < 0) return;
  while (avcodec_receive_packet(codec_.get(), packet_.get()) >= 0) {
    // The first frame only fills the encoder's window; players would hear silence before time.
    if (packet_->pts >= first_at_) {
      media::Frame frame;
      frame.track = id_;
      frame.dts = frame.pts = packet_->pts;
      frame.duration = codec_->frame_size;
      frame.key = true;
      frame.data = Bytes::copy_of(ByteView{packet_->data, static_cast<std::size_t>(packet_->size)});
      sink_.put(std::move(frame));
    }
    av_packet_unref(packet_.get());
  }
}

}  // namespace butai::worker
