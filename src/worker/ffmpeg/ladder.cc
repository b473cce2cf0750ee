// Job::Ladder: the source's pictures and sound once more, smaller. One decode for all renditions.
// Flow:   Tracks, Frame -> decoder -> each rendition: PictureConverter -> VideoEncoder -> Output
//         AAC -> decoder -> AacEncoder -> Output
// Limits: LadderPolicy drops the largest renditions while the machine is too slow.
//
//   1. A key frame of the source is a key frame of every rendition, so that all are cut alike.
//   2. Each rendition is scaled from the next larger one.
//   3. Times, durations, captions and capture times are those of the source's pictures.
#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "worker/ffmpeg/audio_transcoder.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/captions.h"
#include "worker/ffmpeg/jobs.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/track_parameters.h"
#include "worker/ffmpeg/video_transcoder.h"
#include "worker/ladder_policy.h"
#include "worker/limits.h"
#include "worker/rate_policy.h"

namespace butai::worker {
namespace {

struct NumberedRung {
  media::TrackId id;
  Rung rung;
};

// The AAC path announces a source's sound; a rendition has its own number.
class RungSink final : public FrameSink {
 public:
  RungSink(Output& output, media::TrackId id) : output_(output), id_(id) {}
  void promise(media::TrackId) override { output_.promise(id_); }
  void describe(media::Track track) override {
    track.id = id_;
    output_.describe(std::move(track));
  }
  void put(media::Frame frame) override {
    frame.track = id_;
    output_.put(std::move(frame));
  }

 private:
  Output& output_;
  media::TrackId id_;
};

int shorter_side(const media::Track& picture) { return std::min(picture.width, picture.height); }

// One rendition's scaler and encoder.
class PictureRung {
 public:
  PictureRung(const NumberedRung& numbered, const media::Track& source)
      : id_(numbered.id),
        rung_(numbered.rung),
        source_(source),
        converter_(width(), height()),
        rate_(numbered.rung.frames_per_second_max) {}

  const std::string& name() const { return rung_.name; }
  void caption(ByteView triplets) { captions_.put(triplets); }
  // Makes nothing of this picture, but is described like the others.
  void rest(const AVFrame& larger, Output& output) {
    waits_for_key_ = true;
    prepare(larger, output);
  }

  // The scaled picture, for the next smaller rendition; null when nothing was made of it.
  AVFrame* take(AVFrame& larger, const media::Frame& original, Output& output) {
    if (waits_for_key_ && !original.key) return nullptr;
    const std::int64_t micros = mul_div(original.pts, 1'000'000, source_.timescale);
    const bool in_rate = rung_.frames_per_second_max == 0 || rate_.admit(micros);
    if (!in_rate && !original.key) return nullptr;
    AVFrame* picture = converter_.convert(larger);
    if (picture == nullptr || !prepare(larger, output)) return nullptr;
    picture->pts = original.pts;
    captions_.give(*picture);
    if (auto frame = encoder_->encode(*picture, original.key)) {
      waits_for_key_ = false;
      frame->track = id_;
      frame->captured = original.captured;
      if (rung_.frames_per_second_max == 0) frame->duration = original.duration;
      output.put(std::move(*frame));
    }
    return picture;
  }

 private:
  // The source's shape, even. The rung's height is the shorter side, as of the sizes that people name so:
  // an upright 720p is 720 x 1280.
  int side(int own) const {
    return static_cast<int>(mul_div(own, rung_.height, shorter_side(source_)) + 1) & ~1;
  }
  int width() const { return side(source_.width); }
  int height() const { return side(source_.height); }

  bool prepare(const AVFrame& picture, Output& output) {
    if (encoder_) return true;
    VideoEncoder::Options options;
    options.width = width();
    options.height = height();
    options.frame_rate = frame_rate();
    options.timescale = source_.timescale;
    options.encoding.video_bitrate = rung_.bitrate;
    options.take_look(picture, source_.height);
    auto opened = VideoEncoder::open(options);
    if (!opened) return false;
    encoder_ = std::move(*opened);
    media::Track track = encoder_->track();
    track.id = id_;
    if (source_.frame_rate.num == 0) track.frame_rate = {};
    output.describe(std::move(track));
    return true;
  }

  media::Rational frame_rate() const {
    constexpr media::Rational kUsual{30, 1};  // for sources that do not say
    return limited_rate(source_.frame_rate.num > 0 ? source_.frame_rate : kUsual,
                        rung_.frames_per_second_max);
  }

  media::TrackId id_;
  Rung rung_;
  const media::Track& source_;
  PictureConverter converter_;
  RatePolicy rate_;
  std::unique_ptr<VideoEncoder> encoder_;
  CaptionCarrier captions_;
  bool waits_for_key_ = true;
};

// All renditions of one source's picture, largest first.
class PictureLadder {
 public:
  PictureLadder(ParentLink& parent, Output& output, media::Track source, VideoDecoder decoder,
                std::vector<NumberedRung> rungs)
      : parent_(parent),
        output_(output),
        source_(std::move(source)),
        decoder_(std::move(decoder)),
        policy_(rungs.size()),
        made_(rungs.size()) {
    std::ranges::sort(rungs, std::greater{}, [](const auto& each) { return each.rung.height; });
    rungs_.reserve(rungs.size());
    for (const NumberedRung& rung : rungs) rungs_.emplace_back(rung, source_);
  }

  void take(const media::Frame& frame) {
    const auto packet = av::packet_of(frame.data);
    if (!packet) return;
    packet->pts = frame.pts;
    packet->dts = frame.dts;
    if (frame.key) packet->flags |= AV_PKT_FLAG_KEY;
    media::Frame original = frame;
    original.data = {};
    originals_.push_back(std::move(original));
    if (originals_.size() > kLadderPicturesMax) originals_.pop_front();
    decoder_.decode(packet.get(),
                    [this](AVFrame& picture, std::int64_t pts) { on_picture(picture, pts); });
  }

 private:
  void on_picture(AVFrame& picture, std::int64_t pts) {
    const auto original = std::ranges::find(originals_, pts, &media::Frame::pts);
    if (original == originals_.end()) return;
    const Utc now = SystemClock().utc();
    const Micros lag = now - Ticks{pts, source_.timescale}.utc();
    const std::size_t active = policy_.active(lag, now);
    tell(active);
    AVFrame* larger = &picture;
    const std::vector<std::uint8_t> captions = take_captions(picture);
    for (std::size_t i = 0; i < rungs_.size(); ++i) {
      rungs_[i].caption(captions);
      if (rungs_.size() - i > active) {
        rungs_[i].rest(picture, output_);
      } else if (AVFrame* scaled = rungs_[i].take(*larger, *original, output_)) {
        larger = scaled;
      }
    }
    originals_.erase(original);
  }

  void tell(std::size_t active) {
    if (active == made_) return;
    const bool fewer = active < made_;
    const std::string& name = rungs_[rungs_.size() - std::max(active, made_)].name();
    made_ = active;
    parent_.complain(
        fewer ? fmt::format("This machine is too slow for the rendition {}: it is left out.", name)
              : fmt::format("The rendition {} is made again.", name));
  }

  ParentLink& parent_;
  Output& output_;
  media::Track source_;
  VideoDecoder decoder_;
  std::vector<PictureRung> rungs_;
  LadderPolicy policy_;
  std::size_t made_;                    // of rungs_, the smallest
  std::deque<media::Frame> originals_;  // without their bytes, until they are decoded
};

class Ladder {
 public:
  Ladder(ParentLink& parent, const std::vector<Rung>& rungs) : parent_(parent), output_(parent) {
    for (const Rung& rung : rungs) {
      rungs_.push_back({media::kFirstRung + static_cast<media::TrackId>(rungs_.size()), rung});
    }
  }

  void describe(const std::vector<media::Track>& tracks) {
    picture_.reset();
    sound_.reset();
    sound_sink_.reset();
    std::vector<media::TrackId> promised;
    for (const media::Track& track : tracks) {
      const auto ids = track.codec == media::Codec::H264 ? open_picture(track) : open_sound(track);
      promised.insert(promised.end(), ids.begin(), ids.end());
    }
    std::ranges::sort(promised);
    output_.expect(std::move(promised));
  }

  void take(const media::Frame& frame) {
    if (frame.track == media::kVideoTrack && picture_) picture_->take(frame);
    if (frame.track != media::kAudioTrack || !sound_) return;
    const auto packet = av::packet_of(frame.data);
    if (!packet) return;
    packet->pts = packet->dts = frame.dts;
    packet->duration = frame.duration;
    sound_->take(packet.get());
  }

 private:
  std::vector<media::TrackId> open_picture(const media::Track& track) {
    std::vector<NumberedRung> smaller;
    std::vector<media::TrackId> ids;
    for (const NumberedRung& each : rungs_) {
      if (each.rung.height == 0 || each.rung.height >= shorter_side(track)) continue;
      smaller.push_back(each);
      ids.push_back(each.id);
    }
    if (smaller.empty()) return {};
    auto decoder =
        VideoDecoder::open(*parameters_of(track), {1, static_cast<int>(track.timescale)});
    if (!decoder) give_up(parent_, decoder.error());
    picture_ = std::make_unique<PictureLadder>(parent_, output_, track, std::move(*decoder),
                                               std::move(smaller));
    return ids;
  }

  std::vector<media::TrackId> open_sound(const media::Track& track) {
    const auto found = std::ranges::find_if(
        rungs_, [](const NumberedRung& each) { return each.rung.height == 0; });
    if (found == rungs_.end()) return {};
    Encoding encoding;
    encoding.audio_bitrate = found->rung.bitrate;
    sound_sink_ = std::make_unique<RungSink>(output_, found->id);
    auto opened =
        AudioTranscoder::open(*parameters_of(track), {1, static_cast<int>(track.timescale)},
                              {media::kAudioTrack}, encoding, *sound_sink_);
    if (!opened) give_up(parent_, opened.error());
    sound_ = std::move(*opened);
    return {found->id};
  }

  ParentLink& parent_;
  Output output_;
  std::vector<NumberedRung> rungs_;
  std::unique_ptr<PictureLadder> picture_;
  std::unique_ptr<RungSink> sound_sink_;
  std::unique_ptr<AudioTranscoder> sound_;
};

}  // namespace

void run_ladder(ParentLink& parent, const Configuration& configuration) {
  Ladder ladder(parent, configuration.rungs);
  for (;;) {
    const Message message = parent.receive();
    if (message.type == MessageType::Finish) break;
    if (message.type == MessageType::Tracks) {
      if (const auto tracks = decode_tracks(message.payload)) ladder.describe(*tracks);
    } else if (message.type == MessageType::Frame) {
      if (const auto frame = decode_frame(message.payload)) ladder.take(*frame);
    }
  }
  parent.send(encode(MessageType::End));
}

}  // namespace butai::worker
