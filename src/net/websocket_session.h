// The state of one WebSocket, both roles, without sockets and without a clock of its own.
// Flow:   bytes from the peer -> receive() -> User::on_text / on_binary
//         send_*() / close() -> User::transmit -> bytes for the peer
//   1. A frame's head is judged before any of its payload is kept: reserved bits, opcode, mask,
//      length, the message's limit. What fails is answered with 1002, 1007 or 1009 and the end.
//   2. Payload is unmasked into one vector that grows to the message and is then handed over.
//      Text is checked octet by octet, so that bad UTF-8 fails before its message ends.
//   3. Control frames may come between fragments; a ping is answered unless pongs already wait.
//   4. close() sends a close frame and waits kCloseDeadline for the peer's.
//   5. advance(now) does what is due: ping, silence (4408), a message that takes too long (1008).
// Thread: its owner's. The user may call anything, also close(), from inside a callback.
// Limits: WebSocketLimits, net/limits.h.
// Spec:   RFC 6455; no extensions, so the reserved bits are always 0.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "net/utf8.h"
#include "net/websocket.h"
#include "net/websocket_codec.h"

namespace butai::net {

class WebSocketSession {
 public:
  enum class Role : std::uint8_t { Server, Client };

  class User {
   public:
    virtual void transmit(ByteView head, std::span<const Bytes> pieces) = 0;  // for the peer
    virtual std::size_t unsent() const = 0;  // of what was transmitted
    virtual MaskKey new_mask() = 0;          // unpredictable; asked by clients only
    virtual void on_text(std::string_view text) = 0;
    virtual void on_binary(Bytes message) = 0;
    // Once, the last call: the handshake is done, or will not be. The transport can be finished.
    virtual void on_finished(std::uint16_t code, std::string_view reason) = 0;

   protected:
    ~User() = default;
  };

  WebSocketSession(Role role, const WebSocketLimits& limits, User& user, Steady now);

  // Bytes taken: all of them, unless halt() was called from a callback.
  std::size_t receive(ByteView input, Steady now);
  // Makes receive() return after the message being delivered (reading was paused).
  void halt() { halted_ = true; }

  void send_text(std::string_view text);
  void send_binary(const std::vector<Bytes>& pieces);
  void close(std::uint16_t code, std::string_view reason, Steady now);
  // The transport ended without a word.
  void lost();

  // Silence is not counted while the owner does not read.
  void reading_paused() { paused_ = true; }
  void reading_resumed(Steady now);

  // When advance() has something to do, at the earliest.
  Steady next_deadline() const;
  void advance(Steady now);

  bool finished() const { return state_ == State::Finished; }
  bool open() const { return state_ == State::Open; }

 private:
  enum class State : std::uint8_t {
    Open,
    Closing,  // our close frame is sent; only the peer's matters now
    Finished,
  };

  bool judge(const IncomingHead& head, Steady now);  // false: failed
  bool judge_message(const IncomingHead& head, Steady now);
  void take_payload(ByteView& input);
  bool take_data(std::span<const std::uint8_t> chunk);
  void keep(ByteView chunk, std::uint64_t offset, std::vector<std::uint8_t>& into) const;
  void end_frame();
  void deliver();
  void on_control(Opcode opcode);
  void on_close_frame();
  void send(Opcode opcode, ByteView payload);
  void send_close(std::uint16_t code, std::string_view reason);
  void fail(std::uint16_t code, std::string_view reason);
  void finish(std::uint16_t code, std::string_view reason);

  const Role role_;
  const WebSocketLimits limits_;
  User& user_;
  State state_ = State::Open;
  bool halted_ = false;
  bool paused_ = false;

  HeadReader head_reader_;
  IncomingHead frame_;
  bool in_frame_ = false;
  std::uint64_t frame_taken_ = 0;
  std::vector<std::uint8_t> control_;

  bool in_message_ = false;
  Opcode message_kind_ = Opcode::Binary;
  std::vector<std::uint8_t> message_;
  std::size_t fragments_ = 0;
  Utf8Check utf8_;

  Steady message_started_;
  Steady last_received_;
  Steady last_ping_;
  Steady close_sent_;
  std::uint16_t close_code_ = 0;  // ours, while Closing
};

}  // namespace butai::net
