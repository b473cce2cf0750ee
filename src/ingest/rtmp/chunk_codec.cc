#include "ingest/rtmp/chunk_codec.h"

#include <algorithm>
#include <utility>

#include "ingest/rtmp/limits.h"
#include "media/byte_reader.h"
#include "media/frame.h"

namespace butai::ingest::rtmp {
namespace {

constexpr std::uint32_t kNoTime = 0xff'ffff;    // "see the extended timestamp"
constexpr std::uint32_t kControlChunks = 2;     // section 5.4
constexpr std::size_t kReserveMax = 64u << 10;  // more comes with the bytes
// Section 5.3.1.2.4 makes the time of a full head the step of what follows it without one. Writers
// that mean no step at all write the same; nobody steps by a second.
constexpr std::uint32_t kStepMax = 1000;  // milliseconds
constexpr std::array<std::size_t, 4> kHeadBytes = {11, 7, 3, 0};

std::size_t longest(MessageType type) {
  switch (type) {
    case MessageType::Video:
      return kVideoBytesMax;
    case MessageType::Audio:
      return kAudioBytesMax;
    case MessageType::Command:
    case MessageType::CommandAmf3:
    case MessageType::Data:
    case MessageType::DataAmf3:
      return kAmfBytesMax;
    default:
      return kOtherBytesMax;
  }
}

void append(std::vector<std::uint8_t>& out, std::uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

void append_basic(std::vector<std::uint8_t>& out, int format, std::uint32_t id) {
  const int high = format << 6;
  if (id < 64) return out.push_back(static_cast<std::uint8_t>(high | static_cast<int>(id)));
  const std::uint32_t rest = id - 64;
  out.push_back(static_cast<std::uint8_t>(high | (rest < 256 ? 0 : 1)));
  out.push_back(static_cast<std::uint8_t>(rest));
  if (rest >= 256) out.push_back(static_cast<std::uint8_t>(rest >> 8));
}

}  // namespace

std::string_view sentence(ChunkError error) {
  switch (error) {
    case ChunkError::BadChunkSize:
      return "the chunk size must be 1 or more, without the highest bit";
    case ChunkError::MessageTooLong:
      return "a message is too long: 8 MiB of video, 256 KiB of audio, 64 KiB of anything else";
    case ChunkError::TooManyStreams:
      return "too many chunk streams: 16 are taken";
    case ChunkError::TooMuchUnfinished:
      return "too many messages were begun and not finished";
    case ChunkError::NothingToContinue:
      return "a chunk leans on an earlier one that never came";
    case ChunkError::ChangedInside:
      return "a new message began inside another one of the same chunk stream";
    case ChunkError::BadControl:
      return "a control message makes no sense";
  }
  return "the chunks cannot be understood";
}

ChunkReader::ChunkReader() : chunk_size_(kChunkSizeAtFirst) {}

std::expected<std::optional<Message>, ChunkError> ChunkReader::next(ByteView& bytes) {
  while (again_left_ > 0 || !bytes.empty()) {
    const bool again = again_left_ > 0;
    ByteView in = again ? ByteView(again_).last(again_left_) : bytes;
    std::optional<Message> whole;
    std::optional<Head> head;
    if (current_ != nullptr) {
      whole = take_payload(in);
    } else {
      head = gather_head(in);
    }
    if (again) {
      again_left_ = in.size();
    } else {
      bytes = in;
    }
    if (head) {
      if (const auto taken = take_head(*head); !taken) return std::unexpected(taken.error());
      ByteView nothing;
      if (chunk_left_ == 0) whole = take_payload(nothing);  // a message without a payload
    }
    if (!whole) continue;
    const bool ours = whole->type == MessageType::SetChunkSize || whole->type == MessageType::Abort;
    if (!ours) return whole;
    if (const auto obeyed = obey(*whole); !obeyed) return std::unexpected(obeyed.error());
  }
  return std::nullopt;
}

// The head, once all of it is there; takes its bytes off the front of `in`.
std::optional<ChunkReader::Head> ChunkReader::gather_head(ByteView& in) {
  const std::size_t most = std::min(in.size(), head_.size() - head_size_);
  std::copy_n(in.begin(), most, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
  head_size_ += most;
  const auto head = look_at_head();
  const std::size_t beyond = head && head_size_ > head->size ? head_size_ - head->size : 0;
  head_size_ -= beyond;
  in = in.subspan(most - beyond);
  return head && head_size_ == head->size ? head : std::nullopt;
}

// Nothing: too few bytes to tell how long this head is.
std::optional<ChunkReader::Head> ChunkReader::look_at_head() const {
  media::ByteReader reader(ByteView(head_).first(head_size_));
  Head head;
  const std::uint8_t first = reader.u8();
  head.format = first >> 6;
  head.id = first & 63u;
  if (head.id == 0) head.id = 64u + reader.u8();
  if ((first & 63u) == 1) {
    const std::uint32_t low = reader.u8();
    head.id = 64u + low + 256u * reader.u8();
  }
  if (!reader.ok()) return std::nullopt;
  head.basic = reader.position();
  head.size = head.basic + kHeadBytes.at(static_cast<std::size_t>(head.format));
  if (head.format == 3) {
    const auto found = streams_.find(head.id);
    head.extended = found != streams_.end() && found->second.has_extended;
  } else {
    head.extended = reader.u24() == kNoTime;
    if (!reader.ok()) return std::nullopt;
  }
  if (head.extended) head.size += 4;
  return head;
}

ChunkReader::Done ChunkReader::take_head(const Head& head) {
  media::ByteReader reader(ByteView(head_).subspan(head.basic, head_size_ - head.basic));
  head_size_ = 0;
  auto found = streams_.find(head.id);
  // librtmp begins its control chunks with a short head.
  const bool may_begin = head.format == 0 || (head.format == 1 && head.id == kControlChunks);
  if (found == streams_.end()) {
    if (!may_begin) return std::unexpected(ChunkError::NothingToContinue);
    if (streams_.size() >= kChunkStreamsMax) return std::unexpected(ChunkError::TooManyStreams);
    found = streams_.emplace(head.id, Stream{}).first;
  }
  Stream& stream = found->second;
  if (head.format != 3) {
    if (stream.inside) return std::unexpected(ChunkError::ChangedInside);
    std::uint32_t time = reader.u24();
    if (head.format <= 1) {
      stream.length = reader.u24();
      stream.type = static_cast<MessageType>(reader.u8());
    }
    if (head.format == 0) {
      const ByteView id = reader.bytes(4);  // little endian, alone in the protocol
      stream.stream_id = id[0] | std::uint32_t{id[1]} << 8 | std::uint32_t{id[2]} << 16 |
                         std::uint32_t{id[3]} << 24;
    }
    stream.has_extended = head.extended;
    if (head.extended) time = stream.extended = reader.u32();
    stream.timestamp = head.format == 0 ? time : stream.timestamp + time;
    stream.delta = head.format == 0 && time >= kStepMax ? 0 : time;
  } else {
    // Most writers repeat the extended timestamp, some do not (B4).
    if (head.extended && reader.u32() != stream.extended) {
      std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(head.basic), 4, again_.begin());
      again_left_ = 4;
    }
    if (!stream.inside) stream.timestamp += stream.delta;
  }
  if (!stream.inside) {
    if (const auto begun = begin_message(stream); !begun) return begun;
  }
  current_ = &stream;
  current_id_ = head.id;
  const std::size_t missing = stream.length + stream.room - stream.payload.size();
  chunk_left_ = std::min<std::size_t>(chunk_size_, missing);
  return {};
}

ChunkReader::Done ChunkReader::begin_message(Stream& stream) {
  if (stream.length > longest(stream.type)) return std::unexpected(ChunkError::MessageTooLong);
  if (unfinished_ + stream.length > kReassemblyBytesMax) {
    return std::unexpected(ChunkError::TooMuchUnfinished);
  }
  unfinished_ += stream.length;
  stream.inside = true;
  // A longer one grows as it comes, and is copied into memory of its own size later.
  const bool kept = stream.type == MessageType::Video && stream.length <= kReserveMax;
  stream.room = kept ? media::kFrameRoom : 0;
  stream.payload.clear();
  stream.payload.reserve(stream.room + std::min<std::size_t>(stream.length, kReserveMax));
  stream.payload.resize(stream.room);
  return {};
}

std::optional<Message> ChunkReader::take_payload(ByteView& bytes) {
  Stream& stream = *current_;
  const ByteView piece = bytes.first(std::min(chunk_left_, bytes.size()));
  stream.payload.insert(stream.payload.end(), piece.begin(), piece.end());
  bytes = bytes.subspan(piece.size());
  chunk_left_ -= piece.size();
  if (chunk_left_ > 0) return std::nullopt;
  current_ = nullptr;
  if (stream.payload.size() < stream.room + stream.length) return std::nullopt;
  unfinished_ -= stream.length;
  stream.inside = false;
  return Message{stream.type, current_id_, stream.stream_id, stream.timestamp,
                 Bytes(std::exchange(stream.payload, {}), stream.room)};
}

ChunkReader::Done ChunkReader::obey(const Message& message) {
  media::ByteReader reader(message.payload);
  const std::uint32_t value = reader.u32();
  if (!reader.ok()) return std::unexpected(ChunkError::BadControl);
  if (message.type == MessageType::SetChunkSize) {
    if (value == 0 || value >> 31 != 0) return std::unexpected(ChunkError::BadChunkSize);
    chunk_size_ = std::min(value, kChunkSizeMax);
    return {};
  }
  const auto aborted = streams_.find(value);
  if (aborted == streams_.end()) return std::unexpected(ChunkError::BadControl);
  if (std::exchange(aborted->second.inside, false)) {
    unfinished_ -= aborted->second.length;
    aborted->second.payload.clear();
  }
  return {};
}

void ChunkWriter::write(const Message& message, std::vector<std::uint8_t>& out) {
  const ByteView payload = message.payload;
  const auto known = streams_.find(message.chunk_stream);
  const bool follows = known != streams_.end() && known->second.stream_id == message.stream_id &&
                       message.timestamp >= known->second.timestamp;
  const std::uint32_t time =
      follows ? message.timestamp - known->second.timestamp : message.timestamp;
  const bool extended = time >= kNoTime;
  append_basic(out, follows ? 1 : 0, message.chunk_stream);
  append(out, extended ? kNoTime : time, 3);
  append(out, static_cast<std::uint32_t>(payload.size()), 3);
  out.push_back(static_cast<std::uint8_t>(message.type));
  if (!follows) {
    for (int shift = 0; shift < 32; shift += 8) {
      out.push_back(static_cast<std::uint8_t>(message.stream_id >> shift));
    }
  }
  if (extended) append(out, time, 4);
  streams_[message.chunk_stream] = {message.timestamp, message.stream_id};
  for (std::size_t at = 0; at < payload.size(); at += chunk_size_) {
    if (at > 0) {
      append_basic(out, 3, message.chunk_stream);
      if (extended) append(out, time, 4);
    }
    const ByteView piece =
        payload.subspan(at, std::min<std::size_t>(chunk_size_, payload.size() - at));
    out.insert(out.end(), piece.begin(), piece.end());
  }
}

void ChunkWriter::set_chunk_size(std::uint32_t size, std::vector<std::uint8_t>& out) {
  std::vector<std::uint8_t> payload;
  append(payload, size, 4);
  write({MessageType::SetChunkSize, kControlChunks, 0, 0, Bytes(std::move(payload))}, out);
  chunk_size_ = size;
}

}  // namespace butai::ingest::rtmp
