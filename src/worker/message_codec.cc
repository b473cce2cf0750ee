#include "worker/message_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "worker/limits.h"

namespace butai::worker {
namespace {

constexpr std::size_t kFramingBytes = 5;
constexpr double kPerUnit = 100;                     // loudness travels in hundredths
constexpr std::size_t kReadBufferBytes = 64 * 1024;  // a few audio frames and a small picture

// Appends integers big-endian; the framing is written last, when the sizes are known.
class Writer {
 public:
  explicit Writer(MessageType type) : head_(kFramingBytes) {
    head_[4] = static_cast<std::uint8_t>(type);
  }
  template <class T>
  Writer& number(T value) {
    const auto wide = static_cast<std::uint64_t>(value);
    for (std::size_t i = sizeof(T); i-- > 0;) {
      head_.push_back(static_cast<std::uint8_t>(wide >> (8 * i)));
    }
    return *this;
  }
  Writer& time(Utc utc) { return number(micros_of(utc)); }
  Writer& counted(ByteView bytes) {
    number(static_cast<std::uint32_t>(bytes.size()));
    head_.insert(head_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Wire done(Bytes body = {}) {
    const std::size_t payload = head_.size() - kFramingBytes + body.size();
    for (std::size_t i = 0; i < 4; ++i) {
      head_[i] = static_cast<std::uint8_t>(payload >> (8 * (3 - i)));
    }
    return {std::move(head_), std::move(body)};
  }

 private:
  std::vector<std::uint8_t> head_;
};

// Takes integers off the front; after a short read everything is zero and ok() is false.
class Reader {
 public:
  explicit Reader(const Bytes& payload) : payload_(payload) {}
  template <class T>
  T number() {
    if (left() < sizeof(T)) {
      ok_ = false;
      return T{};
    }
    std::uint64_t wide = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) wide = wide << 8 | payload_.view()[at_++];
    return static_cast<T>(wide);
  }
  Utc time() { return utc_of(number<std::int64_t>()); }
  Bytes counted(std::size_t limit) {
    const auto count = number<std::uint32_t>();
    if (count > left() || count > limit) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return payload_.slice(at_ - count, count);
  }
  Bytes rest() {
    const std::size_t from = std::exchange(at_, payload_.size());
    return payload_.slice(from, payload_.size() - from);
  }
  bool ok() const { return ok_; }
  bool ended() const { return ok_ && left() == 0; }

 private:
  std::size_t left() const { return payload_.size() - at_; }
  const Bytes& payload_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

template <class T>
Decoded<T> checked(const Reader& reader, bool values_good, T value) {
  if (!reader.ended()) return std::unexpected(MessageError::Truncated);
  if (!values_good) return std::unexpected(MessageError::BadValue);
  return value;
}

bool known(std::uint8_t type) { return (type >= 1 && type <= 6) || (type >= 64 && type <= 71); }

bool is_rung(media::TrackId id) {
  return id >= media::kFirstRung && id < media::kFirstRung + kTracksMax;
}

bool is_sound(media::TrackId id) { return id == media::kAudioTrack || id == media::kSecondSound; }

bool good(const media::Track& track) {
  const bool video = track.codec == media::Codec::H264;
  const bool audio = track.codec == media::Codec::Aac;
  const bool source = video ? track.id == media::kVideoTrack : is_sound(track.id);
  return (video || audio) && (source || is_rung(track.id)) && track.timescale > 0 &&
         track.frame_rate.den > 0;
}

bool good(const Rung& rung) {
  return rung.height % 2 == 0 && rung.height <= kPictureSideMax && rung.bitrate > 0;
}

bool good(const Configuration& c) {
  return c.job <= Job::Still &&
         std::ranges::all_of(c.rungs, [](const Rung& r) { return good(r); }) &&
         c.priority <= Priority::Background && c.capture.format <= Capture::Format::H264 &&
         c.encoding.frames_per_second_max > 0 && c.encoding.segment.count() > 0 &&
         c.encoding.dual_mono <= media::DualMono::Both && c.encoding.sounds >= 1 &&
         c.encoding.sounds <= 2 && c.capture.frames_per_second > 0 && c.capture.width > 0 &&
         c.capture.height > 0;
}

}  // namespace

std::string_view sentence(MessageError error) {
  switch (error) {
    case MessageError::TooLong:
      return "The worker announced a message larger than allowed.";
    case MessageError::UnknownType:
      return "The worker sent a message of an unknown type.";
    case MessageError::Truncated:
      return "The worker sent a message of the wrong length.";
    case MessageError::BadValue:
      return "The worker sent a message with an impossible value.";
  }
  return "The worker cannot be understood.";
}

Wire encode(MessageType type) { return Writer(type).done(); }

Wire encode(const Configuration& c) {
  Writer writer(MessageType::Configure);
  writer.number(static_cast<std::uint8_t>(c.job))
      .number(static_cast<std::uint8_t>(c.priority))
      .number(c.encoding.frames_per_second_max)
      .number(c.encoding.video_bitrate)
      .number(c.encoding.audio_bitrate)
      .number(c.encoding.segment.count())
      .number(static_cast<std::uint8_t>(c.encoding.dual_mono))
      .number(c.encoding.sounds)
      .counted(as_bytes(c.capture.source))
      .number(static_cast<std::uint8_t>(c.capture.format))
      .number(c.capture.width)
      .number(c.capture.height)
      .number(c.capture.frames_per_second)
      .number(static_cast<std::uint8_t>(c.capture.loop ? 1 : 0))
      .number(static_cast<std::uint8_t>(c.rungs.size()));
  for (const Rung& rung : c.rungs) {
    writer.counted(as_bytes(rung.name))
        .number(rung.height)
        .number(rung.frames_per_second_max)
        .number(rung.bitrate);
  }
  return writer.done();
}

Wire encode(Container container) {
  return Writer(MessageType::Open).number(static_cast<std::uint8_t>(container)).done();
}

Wire encode(Input input) {
  return Writer(MessageType::Input)
      .time(input.arrived)
      .time(input.captured)
      .done(std::move(input.bytes));
}

Wire encode(const Anchor& anchor) {
  return Writer(MessageType::Anchor).number(anchor.pts_micros).time(anchor.utc).done();
}

Wire encode(const std::vector<media::Track>& tracks) {
  Writer writer(MessageType::Tracks);
  writer.number(static_cast<std::uint8_t>(tracks.size()));
  for (const media::Track& track : tracks) {
    writer.number(track.id)
        .number(static_cast<std::uint8_t>(track.codec))
        .number(track.timescale)
        .counted(track.config)
        .number(track.width)
        .number(track.height)
        .number(track.frame_rate.num)
        .number(track.frame_rate.den)
        .number(track.sample_rate)
        .number(track.channels)
        .number(track.bitrate);
  }
  return writer.done();
}

Wire encode(media::Frame frame) {
  return Writer(MessageType::Frame)
      .number(static_cast<std::uint8_t>(frame.track))
      .number(static_cast<std::uint8_t>(frame.key ? 1 : 0))
      .number(frame.dts)
      .number(frame.pts)
      .number(frame.duration)
      .time(frame.captured)
      .done(std::move(frame.data));
}

Wire encode(media::Picture picture) {
  return Writer(MessageType::Picture)
      .number(picture.width)
      .number(picture.height)
      .time(picture.arrived)
      .time(picture.captured)
      .done(std::move(picture.jpeg));
}

Wire encode(const media::Loudness& loudness) {
  Writer writer(MessageType::Loudness);
  for (const double each :
       {loudness.momentary, loudness.short_term, loudness.integrated, loudness.true_peak}) {
    writer.number(static_cast<std::int32_t>(std::lround(each * kPerUnit)));
  }
  return writer.done();
}

Wire encode(MessageType type, std::string_view text) {
  return Writer(type).done(Bytes::copy_of(text.substr(0, kSentenceBytesMax)));
}

Decoded<Configuration> decode_configuration(const Bytes& payload) {
  Reader reader(payload);
  Configuration c;
  c.job = Job{reader.number<std::uint8_t>()};
  c.priority = Priority{reader.number<std::uint8_t>()};
  c.encoding.frames_per_second_max = reader.number<std::uint32_t>();
  c.encoding.video_bitrate = reader.number<std::uint32_t>();
  c.encoding.audio_bitrate = reader.number<std::uint32_t>();
  c.encoding.segment = Micros{reader.number<std::int64_t>()};
  c.encoding.dual_mono = media::DualMono{reader.number<std::uint8_t>()};
  c.encoding.sounds = reader.number<std::uint8_t>();
  c.capture.source = reader.counted(kSourceBytesMax).text();
  c.capture.format = Capture::Format{reader.number<std::uint8_t>()};
  c.capture.width = reader.number<std::uint16_t>();
  c.capture.height = reader.number<std::uint16_t>();
  c.capture.frames_per_second = reader.number<std::uint32_t>();
  const auto loop = reader.number<std::uint8_t>();
  c.capture.loop = loop == 1;
  const auto rungs = reader.number<std::uint8_t>();
  if (rungs > kTracksMax) return std::unexpected(MessageError::BadValue);
  c.rungs.resize(rungs);
  for (Rung& rung : c.rungs) {
    rung.name = reader.counted(kRungNameBytesMax).text();
    rung.height = reader.number<std::uint16_t>();
    rung.frames_per_second_max = reader.number<std::uint32_t>();
    rung.bitrate = reader.number<std::uint32_t>();
  }
  return checked(reader, good(c) && loop <= 1, c);
}

Decoded<Container> decode_container(const Bytes& payload) {
  Reader reader(payload);
  const auto value = reader.number<std::uint8_t>();
  return checked(reader, value >= 1 && value <= 4, Container{value});
}

Decoded<Input> decode_input(const Bytes& payload) {
  Reader reader(payload);
  Input input;
  input.arrived = reader.time();
  input.captured = reader.time();
  input.bytes = reader.rest();
  return checked(reader, true, input);
}

Decoded<Anchor> decode_anchor(const Bytes& payload) {
  Reader reader(payload);
  Anchor anchor;
  anchor.pts_micros = reader.number<std::int64_t>();
  anchor.utc = reader.time();
  return checked(reader, true, anchor);
}

Decoded<std::vector<media::Track>> decode_tracks(const Bytes& payload) {
  Reader reader(payload);
  const auto count = reader.number<std::uint8_t>();
  if (count > kTracksMax) return std::unexpected(MessageError::BadValue);
  std::vector<media::Track> tracks(count);
  bool all_good = true;
  for (media::Track& track : tracks) {
    track.id = reader.number<std::uint32_t>();
    track.codec = media::Codec{reader.number<std::uint8_t>()};
    track.timescale = reader.number<std::uint32_t>();
    track.config = reader.counted(kTrackConfigBytesMax);
    track.width = reader.number<std::uint16_t>();
    track.height = reader.number<std::uint16_t>();
    track.frame_rate.num = reader.number<std::uint32_t>();
    track.frame_rate.den = reader.number<std::uint32_t>();
    track.sample_rate = reader.number<std::uint32_t>();
    track.channels = reader.number<std::uint16_t>();
    track.bitrate = reader.number<std::uint32_t>();
    all_good = all_good && good(track);
  }
  for (std::size_t i = 1; i < tracks.size(); ++i) {  // each once, in rising order
    all_good = all_good && tracks[i - 1].id < tracks[i].id;
  }
  return checked(reader, all_good, std::move(tracks));
}

Decoded<media::Frame> decode_frame(const Bytes& payload) {
  Reader reader(payload);
  media::Frame frame;
  frame.track = reader.number<std::uint8_t>();
  const auto key = reader.number<std::uint8_t>();
  frame.key = key == 1;
  frame.dts = reader.number<std::int64_t>();
  frame.pts = reader.number<std::int64_t>();
  frame.duration = reader.number<std::int64_t>();
  frame.captured = reader.time();
  frame.data = reader.rest();
  const bool good_track =
      frame.track == media::kVideoTrack || is_sound(frame.track) || is_rung(frame.track);
  return checked(reader, good_track && key <= 1 && frame.duration >= 0 && !frame.data.empty(),
                 frame);
}

Decoded<media::Picture> decode_picture(const Bytes& payload) {
  Reader reader(payload);
  media::Picture picture;
  picture.width = reader.number<std::uint16_t>();
  picture.height = reader.number<std::uint16_t>();
  picture.arrived = reader.time();
  picture.captured = reader.time();
  picture.jpeg = reader.rest();
  return checked(reader, !picture.jpeg.empty(), picture);
}

Decoded<media::Loudness> decode_loudness(const Bytes& payload) {
  Reader reader(payload);
  media::Loudness loudness;
  bool all_good = true;
  for (double* each :
       {&loudness.momentary, &loudness.short_term, &loudness.integrated, &loudness.true_peak}) {
    *each = reader.number<std::int32_t>() / kPerUnit;
    all_good = all_good && *each >= media::kSilenceLufs && *each <= -media::kSilenceLufs;
  }
  return checked(reader, all_good, loudness);
}

Decoded<std::string> decode_text(const Bytes& payload) {
  if (payload.size() > kSentenceBytesMax) return std::unexpected(MessageError::TooLong);
  std::string text(payload.text());
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

MessageReader::MessageReader() : buffer_(kReadBufferBytes) {}

std::span<std::uint8_t> MessageReader::space() {
  if (!large_.empty()) return std::span(large_).subspan(large_filled_);
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return std::span(buffer_).subspan(end_);
}

void MessageReader::filled(std::size_t count) { (large_.empty() ? end_ : large_filled_) += count; }

std::expected<std::optional<Message>, MessageError> MessageReader::next() {
  if (!large_.empty()) {
    if (large_filled_ < large_.size()) return std::nullopt;
    large_filled_ = 0;
    return Message{large_type_, Bytes(std::exchange(large_, {}))};
  }
  if (end_ - begin_ < kFramingBytes) return std::nullopt;
  const std::uint8_t* at = buffer_.data() + begin_;
  const std::size_t length = std::size_t{at[0]} << 24 | std::size_t{at[1]} << 16 |
                             std::size_t{at[2]} << 8 | std::size_t{at[3]};
  if (length > kMessageBytesMax) return std::unexpected(MessageError::TooLong);
  if (!known(at[4])) return std::unexpected(MessageError::UnknownType);
  const MessageType type{at[4]};
  const std::uint8_t* payload = at + kFramingBytes;
  const std::size_t have = end_ - begin_ - kFramingBytes;
  if (have >= length) {
    begin_ += kFramingBytes + length;
    return Message{type, Bytes({payload, payload + length})};
  }
  if (kFramingBytes + length > buffer_.size()) {
    large_.resize(length);
    std::memcpy(large_.data(), payload, have);
    large_filled_ = have;
    large_type_ = type;
    begin_ = end_ = 0;
  }
  return std::nullopt;
}

}  // namespace butai::worker
