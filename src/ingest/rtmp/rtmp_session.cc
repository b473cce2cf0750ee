#include "ingest/rtmp/rtmp_session.h"

#include <algorithm>
#include <utility>

#include "ingest/rtmp/limits.h"
#include "media/byte_reader.h"

namespace butai::ingest::rtmp {
namespace {

constexpr std::uint32_t kControlChunks = 2, kCommandChunks = 3, kAudioChunks = 4, kVideoChunks = 6,
                        kDataChunks = 5;
// User control events, section 7.1.7.
constexpr std::uint16_t kPingRequest = 6, kPingResponse = 7;

void append(std::vector<std::uint8_t>& out, std::uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

}  // namespace

std::string_view Command::text(std::size_t argument) const {
  if (argument >= arguments.size() || arguments[argument].kind != Amf0Value::Kind::Text) return {};
  return arguments[argument].text;
}

RtmpSession::RtmpSession(Role role, Random& random, HandshakeForm form)
    : handshake_(role, random, form), window_(kWindowBytes) {
  if (role == Role::Client) handshake_.begin(output_);
}

void RtmpSession::take(ByteView bytes) {
  if (over_) return;
  received_ += bytes.size();
  if (holding_) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    if (held_.size() > kHeldBytesMax) finish("too much came before publishing was answered");
    return;
  }
  proceed(bytes);
  if (!over_) acknowledge();
}

void RtmpSession::release() {
  if (!std::exchange(holding_, false)) return;
  const auto held = std::exchange(held_, {});
  if (!over_) proceed(held);
}

void RtmpSession::proceed(ByteView bytes) {
  if (!greeted_) {
    const auto done = handshake_.take(bytes, output_);
    if (!done) return finish(std::string(sentence(done.error())));
    if (!*done) return;
    greeted_ = true;
    on_greeted();
  }
  while (!over_) {
    if (holding_) {
      held_.insert(held_.end(), bytes.begin(), bytes.end());
      return;
    }
    auto message = reader_.next(bytes);
    if (!message) return finish(std::string(sentence(message.error())));
    if (!*message) return;
    take_message(std::move(**message));
  }
}

void RtmpSession::take_message(Message message) {
  const ByteView payload = message.payload;
  switch (message.type) {
    case MessageType::Audio:
    case MessageType::Video:
      return on_media(std::move(message));
    case MessageType::Command:
      return take_command(message, payload);
    case MessageType::Data:
      return take_data(message, payload);
    case MessageType::CommandAmf3:
    case MessageType::DataAmf3:
      // One byte says which AMF the values begin with; encoders that use these types write 0.
      if (payload.empty() || payload.front() != 0) return;
      return message.type == MessageType::CommandAmf3 ? take_command(message, payload.subspan(1))
                                                      : take_data(message, payload.subspan(1));
    default:
      return take_control(message);
  }
}

void RtmpSession::take_control(const Message& message) {
  media::ByteReader reader(message.payload);
  switch (message.type) {
    case MessageType::UserControl:
      return take_user_control(message.payload);
    case MessageType::WindowSize:
      window_ = std::max(reader.u32(), kWindowBytesMin);
      return;
    case MessageType::PeerBandwidth:
      // How much may be under way is TCP's business; the answer tells how often we want to hear.
      return send_control(MessageType::WindowSize, kWindowBytes);
    default:
      return;  // acknowledgements, shared objects and what is not in the specification
  }
}

void RtmpSession::take_user_control(ByteView payload) {
  media::ByteReader reader(payload);
  const std::uint16_t event = reader.u16();
  const std::uint32_t value = reader.u32();
  if (reader.ok() && event == kPingRequest) send_user_control(kPingResponse, value);
}

void RtmpSession::take_command(const Message& message, ByteView payload) {
  auto values = decode_amf0(payload);
  if (!values) return finish(std::string(sentence(values.error())));
  const bool named = values->size() >= 2 && (*values)[0].kind == Amf0Value::Kind::Text &&
                     (*values)[1].kind == Amf0Value::Kind::Number;
  if (!named) return finish("a command has no name and number");
  Command command;
  command.name = std::move((*values)[0].text);
  command.transaction = (*values)[1].number;
  if (values->size() > 2) command.object = std::move((*values)[2]);
  for (std::size_t i = 3; i < values->size(); ++i) {
    command.arguments.push_back(std::move((*values)[i]));
  }
  command.stream_id = message.stream_id;
  on_command(command);
}

// Metadata is a kindness: what cannot be read is left aside.
void RtmpSession::take_data(const Message& message, ByteView payload) {
  if (const auto values = decode_amf0(payload)) on_data(*values, message.stream_id);
}

void RtmpSession::acknowledge() {
  if (!greeted_ || received_ - acknowledged_ < window_) return;
  acknowledged_ = received_;
  send_control(MessageType::Acknowledgement, static_cast<std::uint32_t>(received_));
}

void RtmpSession::finish(std::string sentence) {
  if (std::exchange(over_, true)) return;
  why_ = std::move(sentence);
}

void RtmpSession::send_command(std::uint32_t stream_id, const Amf0Values& values) {
  writer_.write({MessageType::Command, kCommandChunks, stream_id, 0, Bytes(encode_amf0(values))},
                output_);
}

void RtmpSession::send_data(std::uint32_t stream_id, const Amf0Values& values) {
  writer_.write({MessageType::Data, kDataChunks, stream_id, 0, Bytes(encode_amf0(values))},
                output_);
}

void RtmpSession::send_media(MessageType type, std::uint32_t stream_id, std::uint32_t timestamp,
                             Bytes payload) {
  const std::uint32_t chunks = type == MessageType::Audio ? kAudioChunks : kVideoChunks;
  writer_.write({type, chunks, stream_id, timestamp, std::move(payload)}, output_);
}

void RtmpSession::send_control(MessageType type, std::uint32_t value) {
  std::vector<std::uint8_t> payload;
  append(payload, value, 4);
  writer_.write({type, kControlChunks, 0, 0, Bytes(std::move(payload))}, output_);
}

void RtmpSession::send_bandwidth(std::uint32_t window) {
  constexpr std::uint8_t kDynamic = 2;
  std::vector<std::uint8_t> payload;
  append(payload, window, 4);
  payload.push_back(kDynamic);
  writer_.write({MessageType::PeerBandwidth, kControlChunks, 0, 0, Bytes(std::move(payload))},
                output_);
}

void RtmpSession::send_user_control(std::uint16_t event, std::uint32_t value) {
  std::vector<std::uint8_t> payload;
  append(payload, event, 2);
  append(payload, value, 4);
  writer_.write({MessageType::UserControl, kControlChunks, 0, 0, Bytes(std::move(payload))},
                output_);
}

}  // namespace butai::ingest::rtmp
