#include "worker/ffmpeg/audio_path.h"

#include <fmt/format.h>

#include <utility>

#include "media/aac.h"
#include "worker/ffmpeg/audio_transcoder.h"

namespace butai::worker {
namespace {

bool passes(std::uint8_t object_type) {
  constexpr std::uint8_t kLc = 2, kHe = 5, kHe2 = 29;
  return object_type == kLc || object_type == kHe || object_type == kHe2;
}

std::string_view taken_of(media::DualMono which) {
  switch (which) {
    case media::DualMono::Main:
      return "the first (main)";
    case media::DualMono::Sub:
      return "the second (sub)";
    default:
      return "both, to choose from";
  }
}

bool is_dual_mono(ByteView config) {
  const auto aac = media::parse_aac_config(config);
  return !aac && aac.error() == media::AacError::DualMono;
}

}  // namespace

AudioPath::AudioPath(media::TrackId id, const AVStream& source, const Encoding& encoding,
                     FrameSink& sink, ParentLink& parent)
    : id_(id),
      parameters_(*source.codecpar),
      time_base_(source.time_base),
      encoding_(encoding),
      sink_(sink),
      parent_(parent) {
  const ByteView extradata{parameters_.extradata,
                           static_cast<std::size_t>(parameters_.extradata_size)};
  if (parameters_.codec_id == AV_CODEC_ID_AAC) {
    if (extradata.empty() || describe(extradata)) return;  // empty: ADTS will tell
    if (is_dual_mono(extradata)) {
      take_dual_mono();
      return;
    }
  }
  transcode();
}

AudioPath::~AudioPath() = default;

void AudioPath::transcode() {
  std::vector<media::TrackId> ids{id_};
  if (both_) ids.push_back(media::kSecondSound);
  auto opened = AudioTranscoder::open(parameters_, time_base_, ids, encoding_, sink_);
  if (!opened) give_up(parent_, opened.error());
  transcoder_ = std::move(*opened);
}

void AudioPath::take_dual_mono() {
  if (encoding_.dual_mono != media::DualMono::Refuse) {
    parent_.complain(fmt::format("The sound is dual mono; of its two programmes viewers get {}.",
                                 taken_of(encoding_.dual_mono)));
    both_ = encoding_.dual_mono == media::DualMono::Both;
    if (both_) sink_.promise(media::kSecondSound);
    transcode();
    return split(true);
  }
  refused_ = true;
  if (std::exchange(told_, true)) return;
  parent_.complain(fmt::format("The sound is not taken: {}.", sentence(media::AacError::DualMono)));
}

void AudioPath::split(bool programmes) {
  dual_mono_ = programmes;
  transcoder_->split(programmes);
}

bool AudioPath::describe(ByteView config) {
  const auto aac = media::parse_aac_config(config);
  if (!aac || !passes(aac->object_type)) return false;
  media::Track track;
  track.id = id_;
  track.codec = media::Codec::Aac;
  track.sample_rate = aac->sample_rate;
  track.channels = aac->channels;
  const bool counts_samples = time_base_.num == 1 && time_base_.den >= 8'000 &&
                              time_base_.den % static_cast<int>(aac->sample_rate) == 0;
  track.timescale = counts_samples ? static_cast<std::uint32_t>(time_base_.den) : aac->sample_rate;
  track.bitrate = static_cast<std::uint32_t>(std::max<std::int64_t>(0, parameters_.bit_rate));
  track.config = Bytes::copy_of(config);
  timescale_ = track.timescale;
  frame_ticks_ = mul_div(media::kAacFrameSamples, timescale_, aac->sample_rate);
  const bool exact = time_base_.num == 1 && time_base_.den == static_cast<int>(timescale_);
  times_ = SoundTimes(exact ? SoundTimes::Source::Exact : SoundTimes::Source::Rounded, timescale_,
                      frame_ticks_);
  described_ = true;
  refused_ = false;
  sink_.describe(std::move(track));
  return true;
}

void AudioPath::take(const AVPacket& packet) {
  if (!transcoder_) pass(packet);
  if (!transcoder_) return;
  watch_programmes(packet);
  transcoder_->take(&packet);
}

// Broadcasters change between two programmes and stereo within one stream.
void AudioPath::watch_programmes(const AVPacket& packet) {
  if (parameters_.codec_id != AV_CODEC_ID_AAC || encoding_.dual_mono == media::DualMono::Refuse) {
    return;
  }
  if (parameters_.extradata_size > 0) {
    if (const ByteView renewed = av::new_extradata(packet); !renewed.empty()) {
      split(is_dual_mono(renewed));
    }
    return;
  }
  const auto frame = media::parse_adts({packet.data, static_cast<std::size_t>(packet.size)});
  const bool dual_mono = !frame && frame.error() == media::AacError::DualMono;
  if (dual_mono_ == dual_mono) return;
  split(dual_mono);
  if (const auto begun = transcoder_->begin_decoder(); !begun) give_up(parent_, begun.error());
}

void AudioPath::pass(const AVPacket& packet) {
  ByteView bytes{packet.data, static_cast<std::size_t>(packet.size)};
  const bool raw = parameters_.extradata_size > 0;
  if (const ByteView renewed = av::new_extradata(packet); !renewed.empty()) {
    if (is_dual_mono(renewed)) return take_dual_mono();
    describe(renewed);
  }
  if (raw && refused_) return;
  if (!raw) {
    const auto adts = media::parse_adts(bytes);
    if (!adts && adts.error() == media::AacError::DualMono) return take_dual_mono();
    if (!adts) return;
    bytes = adts->frame;
    if (!described_) {
      const auto config = media::make_aac_config(adts->config);
      if (!config || !describe(*config)) return;
    }
  }
  // Of several frames in one packet of a transport stream only the first has a time.
  const std::int64_t stamp = packet.dts != av::kNoTime ? packet.dts : packet.pts;
  if ((stamp == av::kNoTime && !times_.expected()) || bytes.empty()) return;
  media::Frame frame;
  frame.track = id_;
  frame.duration = frame_ticks_;
  frame.dts = times_.place(stamp == av::kNoTime ? *times_.expected()
                                                : av::ticks(stamp, time_base_, timescale_));
  frame.pts = frame.dts;
  frame.key = true;
  frame.data = Bytes::copy_of(bytes);
  sink_.put(std::move(frame));
}

void AudioPath::finish() {
  if (transcoder_) transcoder_->take(nullptr);
}

}  // namespace butai::worker
