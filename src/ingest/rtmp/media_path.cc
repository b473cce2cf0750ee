#include "ingest/rtmp/media_path.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "ingest/rtmp/limits.h"
#include "media/aac.h"
#include "media/h264.h"
#include "worker/limits.h"

namespace butai::ingest::rtmp {
namespace {

// As the worker's, so that both put a frame at the same tick.
constexpr std::uint32_t kVideoTimescale = 90'000;
constexpr std::int64_t kTicksPerMilli = kVideoTimescale / 1000;
// An encoder that steps back so little is jittering; further back it has started anew.
constexpr std::int64_t kStepBackMaxMillis = 100;

// 29.97 is 30000/1001; anything else to a thousandth.
media::Rational rate_of(double frames_per_second) {
  if (!(frames_per_second >= 1 && frames_per_second <= 240)) return {};
  for (const std::uint32_t whole : {24U, 30U, 60U, 120U}) {
    if (std::abs(frames_per_second - whole * 1000.0 / 1001.0) < 0.005) {
      return {whole * 1000, 1001};
    }
  }
  const double rounded = std::round(frames_per_second);
  if (std::abs(frames_per_second - rounded) < 0.005) {
    return {static_cast<std::uint32_t>(rounded), 1};
  }
  return {static_cast<std::uint32_t>(std::lround(frames_per_second * 1000)), 1000};
}

bool passes(std::uint8_t object_type) {
  constexpr std::uint8_t kLc = 2, kHe = 5, kHe2 = 29;
  return object_type == kLc || object_type == kHe || object_type == kHe2;
}

std::string refusal(media::FlvTag tag, media::FlvError error, ByteView body) {
  const std::string name = media::flv_codec_name(tag, body);
  return error == media::FlvError::Enhanced
             ? fmt::format("{} is not taken yet: set the encoder to H.264 and AAC", name)
             : fmt::format("{} is not taken: send H.264 and AAC", name);
}

bool means_the_end(media::FlvError error) {
  return error == media::FlvError::Enhanced || error == media::FlvError::OtherCodec;
}

}  // namespace

void MediaPath::take_metadata(const Amf0Value& metadata) {
  told_rate_ = rate_of(metadata.number_of("framerate"));
  const bool picture = metadata.find("videocodecid") != nullptr;
  const bool sound = metadata.find("audiocodecid") != nullptr;
  video_.expected = picture || !sound;
  audio_.expected = sound || !picture;
}

MediaPath::Taken MediaPath::take(MessageType type, std::int64_t millis, Bytes body) {
  return type == MessageType::Video ? take_video(millis, std::move(body))
                                    : take_audio(millis, body);
}

MediaPath::Taken MediaPath::take_video(std::int64_t millis, Bytes body) {
  const auto video = media::parse_flv_video(body);
  if (!video) {
    if (means_the_end(video.error())) {
      return std::unexpected(refusal(media::FlvTag::Video, video.error(), body));
    }
    complain(std::string(media::sentence(video.error())));
    return {};
  }
  if (video->part == media::FlvPart::Nothing) return {};
  if (base_millis_) {
    forward(media::FlvTag::Video, millis, body);
    return {};
  }
  if (video->part == media::FlvPart::Config) {
    configure_video(video->payload, body);
    return {};
  }
  if (auto moving = watch_clock(video_, millis); !moving) return moving;
  take_picture(*video, millis, std::move(body));
  return {};
}

MediaPath::Taken MediaPath::take_audio(std::int64_t millis, const Bytes& body) {
  const auto audio = media::parse_flv_audio(body);
  if (!audio) {
    if (means_the_end(audio.error())) {
      return std::unexpected(refusal(media::FlvTag::Audio, audio.error(), body));
    }
    complain(std::string(media::sentence(audio.error())));
    return {};
  }
  if (base_millis_) {
    forward(media::FlvTag::Audio, millis, body);
    return {};
  }
  if (audio->part == media::FlvPart::Config) {
    configure_audio(audio->payload, millis, body);
    return {};
  }
  if (auto moving = watch_clock(audio_, millis); !moving) return moving;
  if (!audio_.track || audio->payload.empty()) return {};
  const Bytes payload = body.slice(media::kFlvAudioHead, audio->payload.size());
  keep({.millis = millis, .payload = payload, .tag = media::FlvTag::Audio});
  const std::uint32_t timescale = audio_.track->timescale;
  media::Frame frame;
  frame.track = media::kAudioTrack;
  frame.duration = mul_div(media::kAacFrameSamples, timescale, audio_.track->sample_rate);
  frame.dts = rising(audio_, sound_times_.place(mul_div(millis, timescale, 1000)), timescale);
  frame.pts = frame.dts;
  frame.key = true;
  frame.data = payload;
  put(std::move(frame));
  return {};
}

void MediaPath::configure_video(ByteView record, const Bytes& body) {
  const auto sps = media::sps_of(record);
  if (!sps) return complain(std::string(media::sentence(sps.error())));
  video_.config_body = body;
  units_.update(record);
}

void MediaPath::configure_audio(ByteView config, std::int64_t millis, const Bytes& body) {
  const auto aac = media::parse_aac_config(config);
  const bool dual_mono = !aac && aac.error() == media::AacError::DualMono;
  if (dual_mono && dual_mono_ != media::DualMono::Refuse) {
    // The worker decodes one programme or both, and tells so; the picture passes through there as it does here.
    if (group_.empty()) picture_millis_ = millis;
    hand_over();
    return forward(media::FlvTag::Audio, millis, body);
  }
  if (!aac) return complain(std::string(media::sentence(aac.error())));
  if (!passes(aac->object_type)) {
    return complain(std::string(media::sentence(media::AacError::BadObjectType)));
  }
  media::Track track;
  track.id = media::kAudioTrack;
  track.codec = media::Codec::Aac;
  track.sample_rate = track.timescale = aac->sample_rate;
  track.channels = aac->channels;
  track.config = Bytes::copy_of(config);
  if (audio_.track && media::same_decoding(*audio_.track, track)) return;
  audio_.config_body = body;
  audio_.seen = false;
  sound_times_ = worker::SoundTimes(worker::SoundTimes::Source::Rounded, track.timescale,
                                    media::kAacFrameSamples);
  describe(std::move(track));
}

void MediaPath::take_picture(const media::FlvVideo& video, std::int64_t millis, Bytes body) {
  body.trim(media::kFlvVideoHead);
  const Bytes packet = std::move(body);
  auto unit = units_.take(packet);
  if (!unit) return complain("a picture is no H.264, or has no slice in it");
  if (!started_ && !unit->key) return complain("no key frame has come yet");
  if (!units_.ready()) return complain("no usable H.264 configuration has come yet");
  open_group_ = unit->recovers || (open_group_ && !unit->key);
  watch_group(unit->key, millis);
  keep({.millis = millis,
        .payload = packet,
        .tag = media::FlvTag::Video,
        .key = video.key,
        .composition_millis = video.composition_millis});
  if (unit->configured || !started_) {
    if (!media::browsers_play(units_.sps())) return encode_anew(worker::kNotPlayed);
    media::Track track;
    track.timescale = kVideoTimescale;
    track.frame_rate = told_rate_;
    units_.describe(track);
    started_ = true;
    describe(std::move(track));
  }
  const Micros length = Millis{millis - key_millis_};
  const bool far_apart = length > worker::kKeyFrameIntervalMax;
  if (far_apart && (group_whole_ || length > worker::kGroupDurationMax)) {
    return encode_anew(open_group_ ? worker::kOpenGroups : worker::kFarApart);
  }
  media::Frame frame;
  frame.track = media::kVideoTrack;
  frame.dts = rising(video_, millis * kTicksPerMilli, kVideoTimescale);
  frame.pts = (millis + video.composition_millis) * kTicksPerMilli;
  frame.key = unit->key;
  frame.data = std::move(unit->data);
  frame.captured = media::find_capture(frame.data).value_or(Utc{});
  put(std::move(frame));
}

// Timestamps that stand still cannot be played (B14).
MediaPath::Taken MediaPath::watch_clock(TrackState& state, std::int64_t millis) const {
  const bool same = state.seen && millis == state.last_millis;
  state.still = same ? state.still + 1 : 0;
  state.last_millis = millis;
  if (state.still < kStandingStill) return {};
  return std::unexpected("its timestamps stand still; restart the encoder");
}

// Decode times rise: repeated ones and small steps back are put one tick after the last.
std::int64_t MediaPath::rising(TrackState& state, std::int64_t dts, std::uint32_t timescale) {
  const std::int64_t back = mul_div(kStepBackMaxMillis, timescale, 1000);
  if (state.seen && dts <= state.last_dts && state.last_dts - dts <= back) {
    dts = state.last_dts + 1;
  }
  state.seen = true;
  return state.last_dts = dts;
}

void MediaPath::keep(Kept message) {
  group_bytes_ += message.payload.size();
  if (group_bytes_ > worker::kGroupBytesMax) {
    group_.clear();
    group_whole_ = false;
  }
  if (group_whole_) group_.push_back(std::move(message));
}

void MediaPath::watch_group(bool key, std::int64_t millis) {
  const std::int64_t step = millis - std::exchange(picture_millis_, millis);
  const bool jumped = step < 0 || Millis{step} > worker::kKeyFrameIntervalMax;
  if (!key && !jumped) return;
  // Sound that came before the first key frame waits with it.
  if (started_) group_.clear();
  group_bytes_ = 0;
  group_whole_ = key;
  key_millis_ = millis;
}

void MediaPath::encode_anew(std::string_view why) {
  complain(fmt::format("The picture is re-encoded by the server: {}.", why));
  hand_over();
}

void MediaPath::hand_over() {
  const std::int64_t first = group_.empty() ? picture_millis_ : group_.front().millis;
  // Whole seconds are whole ticks of every sampling rate.
  base_millis_ = (first >= 0 ? first : first - 999) / 1000 * 1000;
  waiting_.clear();  // they are in the group as well
  items_.emplace_back(Handover{*base_millis_});
  items_.emplace_back(media::flv_file_header());
  if (!video_.config_body.empty()) forward(media::FlvTag::Video, first, video_.config_body);
  if (!audio_.config_body.empty()) forward(media::FlvTag::Audio, first, audio_.config_body);
  for (const Kept& kept : std::exchange(group_, {})) {
    const bool picture = kept.tag == media::FlvTag::Video;
    forward(kept.tag, kept.millis,
            picture ? media::flv_video({.part = media::FlvPart::Unit,
                                        .key = kept.key,
                                        .composition_millis = kept.composition_millis,
                                        .payload = kept.payload})
                    : media::flv_audio({.part = media::FlvPart::Unit, .payload = kept.payload}));
  }
}

void MediaPath::forward(media::FlvTag tag, std::int64_t millis, ByteView body) {
  items_.emplace_back(media::flv_tag(tag, millis - *base_millis_, body));
}

void MediaPath::describe(media::Track track) {
  auto& place = track.id == media::kVideoTrack ? video_.track : audio_.track;
  if (place && media::same_decoding(*place, track)) return;
  place = std::move(track);
  const bool complete = (video_.track || !video_.expected) && (audio_.track || !audio_.expected);
  if (announced_ || complete) announce();
}

void MediaPath::announce() {
  std::vector<media::Track> tracks;
  for (const TrackState* state : {&video_, &audio_}) {
    if (state->track) tracks.push_back(*state->track);
  }
  announced_ = true;
  items_.emplace_back(std::move(tracks));
  for (auto& frame : std::exchange(waiting_, {})) items_.emplace_back(std::move(frame));
  waiting_bytes_ = 0;
}

void MediaPath::put(media::Frame frame) {
  if (announced_) {
    items_.emplace_back(std::move(frame));
    return;
  }
  const std::uint32_t timescale =
      frame.track == media::kVideoTrack ? kVideoTimescale : audio_.track->timescale;
  waiting_bytes_ += frame.data.size();
  waiting_.push_back(std::move(frame));
  const media::Frame& first = waiting_.front();
  const media::Frame& last = waiting_.back();
  const bool long_wait =
      first.track == last.track && Ticks{last.dts - first.dts, timescale}.micros() > kTrackWait;
  if (long_wait || waiting_.size() > kTrackWaitFrames || waiting_bytes_ > kTrackWaitBytes) {
    announce();
  }
}

void MediaPath::complain(std::string sentence) {
  if (!complaints_.insert(sentence).second) return;
  complaint_ = std::move(sentence);
}

}  // namespace butai::ingest::rtmp
