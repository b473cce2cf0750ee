// A WebSocketSession on a Transport, with its one timer and its handler: what a WebSocketHandler
// sees as its WebSocket. Both roles.
// Flow:   Transport -> WebSocketSession -> WebSocketHandler, and back
// Thread: one loop.
// Limits: WebSocketLimits; what is not yet taken by the kernel is bounded by the handler (unsent()).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/http_context.h"
#include "net/transport.h"
#include "net/websocket_session.h"

namespace butai::net {

class WebSocketConnection final : public Connection,
                                  public WebSocket,
                                  public std::enable_shared_from_this<WebSocketConnection>,
                                  private TransportUser,
                                  private WebSocketSession::User {
 public:
  // Called once, when it is over; the connection may be let go then.
  using Gone = std::function<void(WebSocketConnection&)>;

  WebSocketConnection(WebSocketSession::Role role, std::shared_ptr<Transport> transport,
                      const WebSocketLimits& limits, std::unique_ptr<WebSocketHandler> handler,
                      WebSocketCounters counters, Gone gone);
  ~WebSocketConnection() override;

  // Takes the transport over; `early` came behind the handshake.
  void open(ByteView early);

  void send_text(std::string_view text) override;
  void send_binary(const std::vector<Bytes>& pieces) override;
  void send_frames(std::span<const Bytes> frames, std::size_t messages) override;
  std::size_t unsent() const override { return transport_->unsent(); }
  std::uint64_t sent_total() const override { return transport_->sent_total(); }
  void close(std::uint16_t code, std::string_view reason) override;
  void pause_reading() override;
  void resume_reading() override;
  Loop& loop() override { return transport_->loop(); }
  void cut() override;

 private:
  void on_open() override {}
  void on_received(ByteView bytes) override;
  void on_drained() override;
  void on_ended(End end) override;

  void transmit(ByteView head, std::span<const Bytes> pieces) override;
  MaskKey new_mask() override;
  void on_text(std::string_view text) override;
  void on_binary(Bytes message) override;
  void on_finished(std::uint16_t code, std::string_view reason) override;

  void feed(ByteView bytes);
  void watch();

  std::shared_ptr<Transport> transport_;
  std::unique_ptr<WebSocketHandler> handler_;
  WebSocketCounters counters_;
  Gone gone_;
  WebSocketSession session_;
  std::vector<std::uint8_t> held_;  // received before the pause, at most what one recv brought
  TimerHandle timer_;
  Steady armed_for_ = Steady::max();
  bool paused_ = false;
  bool feeding_ = false;
};

}  // namespace butai::net
