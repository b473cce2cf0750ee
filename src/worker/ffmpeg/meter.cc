// Job::Meter: a source's AAC in, how loud it is out, once a second.
// Flow:   Tracks, Frame -> decoder -> LoudnessMeter -> ParentLink
// Limits: LoudnessMeter's; sound that cannot be decoded is left out.
#include <memory>
#include <optional>
#include <vector>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/jobs.h"
#include "worker/ffmpeg/track_parameters.h"
#include "worker/loudness_meter.h"

namespace butai::worker {
namespace {

// BS.1770 table 3: what comes from the sides and from behind counts more, low-frequency effects nothing.
std::vector<double> weights_of(const AVChannelLayout& layout) {
  constexpr double kAround = 1.41;
  std::vector<double> weights;
  for (int i = 0; i < layout.nb_channels; ++i) {
    switch (av_channel_layout_channel_from_index(&layout, static_cast<unsigned>(i))) {
      case AV_CHAN_LOW_FREQUENCY:
      case AV_CHAN_LOW_FREQUENCY_2:
        weights.push_back(0);
        break;
      case AV_CHAN_SIDE_LEFT:
      case AV_CHAN_SIDE_RIGHT:
      case AV_CHAN_BACK_LEFT:
      case AV_CHAN_BACK_RIGHT:
        weights.push_back(kAround);
        break;
      default:
        weights.push_back(1);
    }
  }
  return weights;
}

class Metering {
 public:
  explicit Metering(ParentLink& parent) : parent_(parent) {}

  // The programme begins anew.
  void describe(const std::vector<media::Track>& tracks) {
    decoder_.reset();
    meter_.reset();
    for (const media::Track& track : tracks) {
      if (track.codec == media::Codec::Aac) open(track);
    }
  }

  void take(const media::Frame& frame) {
    const auto packet = av::packet_of(frame.data);
    if (!decoder_ || frame.track != media::kAudioTrack || !packet) return;
    if (avcodec_send_packet(decoder_.get(), packet.get()) < 0) return;
    while (avcodec_receive_frame(decoder_.get(), sound_.get()) >= 0) {
      measure(*sound_);
      av_frame_unref(sound_.get());
    }
  }

 private:
  void open(const media::Track& track) {
    const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_AAC);
    decoder_.reset(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(decoder_.get(), parameters_of(track).get());
    decoder_->thread_count = 1;
    if (avcodec_open2(decoder_.get(), codec, nullptr) < 0) decoder_.reset();
  }

  void measure(const AVFrame& sound) {
    if (sound.format != AV_SAMPLE_FMT_FLTP || sound.sample_rate <= 0) return;
    const bool other = sound.sample_rate != rate_ || sound.ch_layout.nb_channels != channels_;
    if (!meter_ || other) {
      rate_ = sound.sample_rate;
      channels_ = sound.ch_layout.nb_channels;
      meter_.emplace(static_cast<std::uint32_t>(rate_), weights_of(sound.ch_layout));
      told_ = 0;
    }
    std::vector<const float*> planes;
    for (int i = 0; i < channels_; ++i) {
      planes.push_back(reinterpret_cast<const float*>(sound.extended_data[i]));
    }
    meter_->take(planes, static_cast<std::size_t>(sound.nb_samples));
    told_ += sound.nb_samples;
    if (told_ < rate_) return;
    told_ -= rate_;
    parent_.send(encode(meter_->now()));
  }

  ParentLink& parent_;
  av::CodecPtr decoder_;
  av::FramePtr sound_ = av::new_frame();
  std::optional<LoudnessMeter> meter_;
  int rate_ = 0, channels_ = 0;
  int told_ = 0;  // samples since the last message
};

}  // namespace

void run_meter(ParentLink& parent) {
  Metering metering(parent);
  for (;;) {
    const Message message = parent.receive();
    if (message.type == MessageType::Finish) break;
    if (message.type == MessageType::Tracks) {
      if (const auto tracks = decode_tracks(message.payload)) metering.describe(*tracks);
    } else if (message.type == MessageType::Frame) {
      if (const auto frame = decode_frame(message.payload)) metering.take(*frame);
    }
  }
  parent.send(encode(MessageType::End));
}

}  // namespace butai::worker
