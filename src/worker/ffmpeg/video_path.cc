#include "worker/ffmpeg/video_path.h"

#include <algorithm>
#include <utility>

#include "worker/limits.h"

namespace butai::worker {
namespace {

std::string codec_name(const AVCodecParameters& parameters) {
  return avcodec_get_name(parameters.codec_id);
}

}  // namespace

VideoPath::VideoPath(const AVStream& source, DecodeTimesAre decode_times, std::uint32_t timescale,
                     const Encoding& encoding, FrameSink& sink, const SourceAnchor& anchor,
                     ParentLink& parent)
    : parameters_(avcodec_parameters_alloc()),
      time_base_(source.time_base),
      timescale_(timescale),
      encoding_(encoding),
      sink_(sink),
      anchor_(anchor),
      parent_(parent) {
  avcodec_parameters_copy(parameters_.get(), source.codecpar);
  const AVRational rate = source.avg_frame_rate;
  if (rate.num > 0 && rate.den > 0) {
    frame_rate_ = {static_cast<std::uint32_t>(rate.num), static_cast<std::uint32_t>(rate.den)};
  }
  if (parameters_->codec_id != AV_CODEC_ID_H264) {
    start_encoding("");
    return;
  }
  units_.start({parameters_->extradata, static_cast<std::size_t>(parameters_->extradata_size)});
  if (decode_times == DecodeTimesAre::Derived) decode_times_.emplace(timescale);
}

void VideoPath::take(const AVPacket& packet) {
  if (!transcoder_) {
    pass(packet);
    return;
  }
  transcoder_->take(&packet);
  if (const auto complaint = transcoder_->take_complaint()) parent_.complain(*complaint);
}

void VideoPath::pass(const AVPacket& packet) {
  units_.update(av::new_extradata(packet));
  auto unit = units_.take({packet.data, static_cast<std::size_t>(packet.size)});
  if (!unit || !units_.ready() || (!started_ && !unit->key)) return;
  if (unit->configured || !started_) {
    if (!media::browsers_play(units_.sps())) {
      start_encoding(std::string(kNotPlayed));
      transcoder_->take(&packet);
      return;
    }
    describe();
    expect_reordering();
    started_ = true;
  }
  const std::int64_t stamp = packet.dts != av::kNoTime ? packet.dts : packet.pts;
  if (stamp == av::kNoTime && last_dts_ == av::kNoTime) return;
  media::Frame frame;
  frame.track = media::kVideoTrack;
  frame.dts = stamp != av::kNoTime ? ticks(stamp) : last_dts_ + interval_;
  frame.pts = packet.pts != av::kNoTime ? ticks(packet.pts) : frame.dts;
  if (decode_times_) frame.dts = decode_times_->next(frame.pts);
  const std::int64_t stored = frame.dts;
  if (last_dts_ != av::kNoTime) frame.dts = follow_on(stored, last_dts_, interval_);
  frame.pts = std::max(frame.pts, frame.dts);
  frame.duration = packet.duration > 0 ? ticks(packet.duration) : 0;
  frame.key = unit->key;
  frame.data = std::move(unit->data);
  open_group_ = unit->recovers || (open_group_ && !frame.key);
  watch_group(packet, frame.key, frame.dts);
  if (transcoder_) return;  // the group was too long; this picture is the first re-encoded one
  latest_pts_ = std::max(latest_pts_, frame.pts);
  if (last_dts_ != av::kNoTime && stored > last_dts_) interval_ = stored - last_dts_;
  last_dts_ = frame.dts;
  sink_.put(std::move(frame));
}

// Keeps the group, and leaves pass-through when it grows longer than a segment may be.
void VideoPath::watch_group(const AVPacket& packet, bool key, std::int64_t dts) {
  const bool jumped = last_dts_ != av::kNoTime && dts < last_dts_;
  if (key || jumped) {
    group_.clear();
    group_bytes_ = 0;
    group_whole_ = key;
    key_dts_ = dts;
  }
  group_bytes_ += static_cast<std::size_t>(packet.size);
  if (group_bytes_ > kGroupBytesMax) {
    group_.clear();
    group_whole_ = false;
  }
  if (group_whole_) group_.emplace_back(av_packet_clone(&packet));
  const Micros length{mul_div(dts - key_dts_, 1'000'000, timescale_)};
  if (length <= kKeyFrameIntervalMax) return;
  if (group_whole_ || length > kGroupDurationMax) {
    start_encoding(std::string(open_group_ ? kOpenGroups : kFarApart));
  }
}

void VideoPath::expect_reordering() {
  if (!decode_times_) return;
  constexpr media::Rational kUsualRate{30, 1};
  const media::Rational said = units_.sps().frame_rate;
  const media::Rational rate = frame_rate_.num > 0 ? frame_rate_ : said.num > 0 ? said : kUsualRate;
  decode_times_->expect(units_.sps().reordered.value_or(0),
                        mul_div(timescale_, rate.den, rate.num));
}

void VideoPath::describe() {
  media::Track track;
  track.timescale = timescale_;
  track.frame_rate = frame_rate_;
  track.bitrate = static_cast<std::uint32_t>(std::max<std::int64_t>(0, parameters_->bit_rate));
  units_.describe(track);
  sink_.describe(std::move(track));
}

void VideoPath::start_encoding(const std::string& why) {
  VideoTranscoder::Options options;
  options.encoding = encoding_;
  options.timescale = timescale_;
  options.time_base = time_base_;
  // As a picture that passes through is described: its own word before the container's.
  const media::Rational said = units_.sps().frame_rate;
  options.frame_rate = said.num > 0 ? said : frame_rate_;
  auto opened = VideoTranscoder::open(*parameters_, options, sink_, anchor_);
  if (!opened) give_up(parent_, opened.error() + " (" + codec_name(*parameters_) + ")");
  transcoder_ = std::move(*opened);
  if (!why.empty()) parent_.complain("The picture is re-encoded by the server: " + why + ".");
  if (latest_pts_ != av::kNoTime) transcoder_->skip_until(latest_pts_);
  for (const auto& packet : std::exchange(group_, {})) transcoder_->take(packet.get());
}

void VideoPath::ask_key_frame() {
  if (transcoder_) transcoder_->ask_key_frame();
}

void VideoPath::finish() {
  if (transcoder_) transcoder_->take(nullptr);
}

}  // namespace butai::worker
