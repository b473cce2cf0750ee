#include "net/websocket_session.h"

#include <algorithm>
#include <utility>

#include "net/limits.h"

namespace butai::net {

namespace {

constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kBadText = 1007;
constexpr std::uint16_t kPolicy = 1008;
constexpr std::uint16_t kTooLarge = 1009;
constexpr std::uint16_t kNoCode = 1005;
constexpr std::uint16_t kAbnormal = 1006;
constexpr std::uint16_t kSilent = 4408;

}  // namespace

WebSocketSession::WebSocketSession(Role role, const WebSocketLimits& limits, User& user, Steady now)
    : role_(role), limits_(limits), user_(user), last_received_(now), last_ping_(now) {}

std::size_t WebSocketSession::receive(ByteView input, Steady now) {
  const std::size_t offered = input.size();
  if (!input.empty()) last_received_ = now;
  halted_ = false;
  while (!halted_ && state_ != State::Finished) {
    if (!in_frame_) {
      const auto head = head_reader_.read(input);
      if (!head || !judge(*head, now)) break;
      frame_ = *head;
      in_frame_ = true;
      frame_taken_ = 0;
    }
    if (input.empty() && frame_taken_ < frame_.length) break;
    take_payload(input);
    if (state_ == State::Finished) break;
    if (frame_taken_ == frame_.length) end_frame();
  }
  return state_ == State::Finished ? offered : offered - input.size();
}

bool WebSocketSession::judge(const IncomingHead& head, Steady now) {
  const auto refuse = [this](std::uint16_t code, std::string_view why) {
    fail(code, why);
    return false;
  };
  if (head.reserved != 0) return refuse(kProtocolError, "a reserved bit is set");
  if (head.masked != (role_ == Role::Server)) {
    return refuse(kProtocolError,
                  role_ == Role::Server ? "the frame is not masked" : "the frame is masked");
  }
  if (!head.shortest) return refuse(kProtocolError, "the length is not in its shortest form");
  switch (static_cast<Opcode>(head.opcode)) {
    case Opcode::Close:
    case Opcode::Ping:
    case Opcode::Pong:
      if (!head.final) return refuse(kProtocolError, "a control frame is fragmented");
      if (head.length > kControlBytesMax)
        return refuse(kProtocolError, "a control frame over 125 bytes");
      control_.clear();
      return true;
    case Opcode::Continuation:
      if (!in_message_) return refuse(kProtocolError, "a continuation without a beginning");
      break;
    case Opcode::Text:
    case Opcode::Binary:
      if (in_message_) return refuse(kProtocolError, "a new message before the last one ended");
      break;
    default:
      return refuse(kProtocolError, "an unknown opcode");
  }
  return judge_message(head, now);
}

bool WebSocketSession::judge_message(const IncomingHead& head, Steady now) {
  if (!in_message_) {
    in_message_ = true;
    message_kind_ = static_cast<Opcode>(head.opcode);
    message_started_ = now;
    fragments_ = 0;
    utf8_ = {};
    message_.clear();
  }
  ++fragments_;
  if (state_ != State::Open) return true;  // dropped unread
  if (fragments_ > limits_.fragments_max) {
    fail(kTooLarge, "the message has too many fragments");
    return false;
  }
  if (head.length > limits_.message_bytes_max - message_.size()) {
    fail(kTooLarge, "the message is larger than this address takes");
    return false;
  }
  const std::size_t wanted = message_.size() + head.length;
  if (wanted > message_.capacity()) {
    // Exactly for the usual single frame; doubled for fragments, so that they cost no squares.
    message_.reserve(head.final ? wanted : std::max(wanted, 2 * message_.capacity()));
  }
  return true;
}

void WebSocketSession::take_payload(ByteView& input) {
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), frame_.length - frame_taken_));
  if (count == 0) return;
  const ByteView chunk = input.first(count);
  input = input.subspan(count);
  const std::uint64_t offset = std::exchange(frame_taken_, frame_taken_ + count);
  const bool control = is_control(static_cast<Opcode>(frame_.opcode));
  if (!control && state_ != State::Open) return;
  const std::size_t before = control ? control_.size() : message_.size();
  keep(chunk, offset, control ? control_ : message_);
  if (!control && message_kind_ == Opcode::Text &&
      !utf8_.feed(ByteView(message_).subspan(before))) {
    fail(kBadText, "the text is not UTF-8");
  }
}

// A piece at a time, so that the room made for it is still in the nearest cache when it is filled.
void WebSocketSession::keep(ByteView chunk, std::uint64_t offset,
                            std::vector<std::uint8_t>& into) const {
  while (!chunk.empty()) {
    const std::size_t count = std::min(chunk.size(), kUnmaskBytes);
    const std::size_t before = into.size();
    into.resize(before + count);
    copy_masked(chunk.first(count), into.data() + before, frame_.masked ? frame_.mask : MaskKey{},
                offset);
    offset += count;
    chunk = chunk.subspan(count);
  }
}

void WebSocketSession::end_frame() {
  in_frame_ = false;
  const auto opcode = static_cast<Opcode>(frame_.opcode);
  if (is_control(opcode)) return on_control(opcode);
  if (!frame_.final) return;
  in_message_ = false;
  if (state_ == State::Open) deliver();
}

void WebSocketSession::deliver() {
  std::vector<std::uint8_t> message = std::exchange(message_, {});
  if (message_kind_ == Opcode::Text) {
    if (!utf8_.complete()) return fail(kBadText, "the text is not UTF-8");
    return user_.on_text(as_text(message));
  }
  user_.on_binary(Bytes(std::move(message)));
}

void WebSocketSession::on_control(Opcode opcode) {
  if (opcode == Opcode::Close) return on_close_frame();
  if (opcode == Opcode::Ping && state_ == State::Open && user_.unsent() < kPongUnsentMax) {
    send(Opcode::Pong, control_);
  }
}

void WebSocketSession::on_close_frame() {
  const std::string_view payload = as_text(control_);
  if (payload.size() == 1) return fail(kProtocolError, "a close frame of one byte");
  std::uint16_t code = kNoCode;
  std::string reason;
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>(control_[0] << 8 | control_[1]);
    reason = payload.substr(2);
    if (!is_close_code(code)) return fail(kProtocolError, "an invalid close code");
    if (!is_utf8(reason)) return fail(kBadText, "the close reason is not UTF-8");
  }
  if (state_ == State::Closing) return finish(close_code_, reason);
  send_close(code, "");
  finish(code, reason);
}

void WebSocketSession::send(Opcode opcode, ByteView payload) {
  if (role_ == Role::Server) {
    const FrameHead head = frame_head(opcode, payload.size());
    std::array<std::uint8_t, 14 + kControlBytesMax> small;
    if (payload.size() <= kControlBytesMax) {  // one write, no allocation
      const ByteView view = head.view();
      std::ranges::copy(view, small.begin());
      std::ranges::copy(payload, small.begin() + static_cast<std::ptrdiff_t>(view.size()));
      return user_.transmit({small.data(), view.size() + payload.size()}, {});
    }
    const Bytes kept = Bytes::copy_of(payload);
    return user_.transmit(head.view(), {&kept, 1});
  }
  const MaskKey mask = user_.new_mask();
  const FrameHead head = frame_head(opcode, payload.size(), mask);
  std::vector<std::uint8_t> masked(payload.begin(), payload.end());
  apply_mask(masked, mask, 0);
  const Bytes kept(std::move(masked));
  user_.transmit(head.view(), {&kept, 1});
}

void WebSocketSession::send_text(std::string_view text) {
  if (state_ == State::Open) send(Opcode::Text, as_bytes(text));
}

void WebSocketSession::send_binary(const std::vector<Bytes>& pieces) {
  if (state_ != State::Open) return;
  std::size_t size = 0;
  for (const Bytes& piece : pieces) size += piece.size();
  if (role_ == Role::Server) {
    return user_.transmit(frame_head(Opcode::Binary, size).view(), pieces);
  }
  const MaskKey mask = user_.new_mask();
  std::vector<std::uint8_t> masked;
  masked.reserve(size);
  for (const Bytes& piece : pieces) {
    masked.insert(masked.end(), piece.view().begin(), piece.view().end());
  }
  apply_mask(masked, mask, 0);
  const Bytes kept(std::move(masked));
  user_.transmit(frame_head(Opcode::Binary, size, mask).view(), {&kept, 1});
}

void WebSocketSession::send_close(std::uint16_t code, std::string_view reason) {
  if (code == kNoCode) return send(Opcode::Close, {});
  std::vector<std::uint8_t> payload{static_cast<std::uint8_t>(code >> 8),
                                    static_cast<std::uint8_t>(code & 0xFF)};
  std::size_t count = std::min(reason.size(), kControlBytesMax - 2);
  while (count > 0 && !is_utf8(reason.substr(0, count))) --count;  // never half a character
  payload.insert(payload.end(), reason.begin(),
                 reason.begin() + static_cast<std::ptrdiff_t>(count));
  send(Opcode::Close, payload);
}

void WebSocketSession::close(std::uint16_t code, std::string_view reason, Steady now) {
  if (state_ != State::Open) return;
  state_ = State::Closing;
  close_code_ = code;
  close_sent_ = now;
  message_ = {};
  send_close(code, reason);
}

void WebSocketSession::fail(std::uint16_t code, std::string_view reason) {
  if (state_ == State::Finished) return;
  if (state_ == State::Open) send_close(code, reason);
  finish(code, reason);
}

void WebSocketSession::finish(std::uint16_t code, std::string_view reason) {
  if (state_ == State::Finished) return;
  state_ = State::Finished;
  message_ = {};
  user_.on_finished(code, reason);
}

void WebSocketSession::lost() { finish(kAbnormal, ""); }

void WebSocketSession::reading_resumed(Steady now) {
  paused_ = false;
  last_received_ = now;
}

Steady WebSocketSession::next_deadline() const {
  if (state_ == State::Finished) return Steady::max();
  if (state_ == State::Closing) return close_sent_ + kCloseDeadline;
  Steady next = last_ping_ + limits_.ping_interval;
  if (!paused_) {
    next = std::min(next, last_received_ + limits_.silence_max);
    if (in_message_) next = std::min(next, message_started_ + limits_.message_time_max);
  }
  return next;
}

void WebSocketSession::advance(Steady now) {
  if (state_ == State::Finished) return;
  if (state_ == State::Closing) {
    if (now >= close_sent_ + kCloseDeadline) finish(kAbnormal, "");
    return;
  }
  if (!paused_ && now >= last_received_ + limits_.silence_max) {
    return close(kSilent, "nothing was received for too long", now);
  }
  if (!paused_ && in_message_ && now >= message_started_ + limits_.message_time_max) {
    return fail(kPolicy, "the message took too long");
  }
  if (now >= last_ping_ + limits_.ping_interval) {
    last_ping_ = now;
    // Behind a full queue a ping would arrive too late to mean anything.
    if (user_.unsent() == 0) send(Opcode::Ping, {});
  }
}

}  // namespace butai::net
