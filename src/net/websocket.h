// An open WebSocket as its user sees it: server side after an upgrade, client side after connect.
// Flow:   connection -> websocket_session (frames) -> WebSocketHandler; and back by WebSocket
// Thread: one loop owns both; no call from elsewhere.
// Limits: message bytes, fragments and time to complete per WebSocketLimits; control frames 125 B.
// Spec:   RFC 6455; permessage-deflate (RFC 7692) is never negotiated.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace butai::net {

class Loop;

struct WebSocketLimits {
  std::size_t message_bytes_max = 64 * 1024;  // viewers; publishers get 4 MiB
  std::size_t fragments_max = 64;             // per message, against fragment floods
  Millis message_time_max{10'000};            // first byte to last byte of one message
  Millis ping_interval{25'000};               // both ends ping; proxies cut what is idle
  Millis silence_max{60'000};                 // nothing at all received: closed with 4408
};

// Loop-affine. Stays valid until its handler's on_close has returned.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual void send_text(std::string_view text) = 0;
  // One binary message; `payload` pieces are sent as they are, not joined and not copied.
  virtual void send_binary(const std::vector<Bytes>& pieces) = 0;
  // Whole frames, framed once for many sockets (frame_head without a mask): sent as they are, in one
  // call. `messages` is how many, for the counter. Only of a server.
  virtual void send_frames(std::span<const Bytes> frames, std::size_t messages) = 0;
  // Bytes accepted here and not yet taken by the kernel. 0 means: this peer keeps up.
  virtual std::size_t unsent() const = 0;
  // Bytes that the kernel took so far: what does not move is stuck.
  virtual std::uint64_t sent_total() const = 0;
  // Starts the closing handshake; the socket is dropped after 2 s without an answer.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  // Back-pressure: while paused nothing is read from the peer, so TCP slows it down. Pauses nest
  // not; while paused, silence is not counted.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual Loop& loop() = 0;
};

// What a user of a WebSocket implements. Destroyed after on_close.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void on_open(WebSocket& socket) = 0;
  virtual void on_text(std::string_view text) = 0;  // valid UTF-8
  virtual void on_binary(Bytes message) = 0;
  virtual void on_drained() {}  // unsent() fell to zero
  // Last call, exactly once, whoever closed. 1006: without a closing handshake.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace butai::net
