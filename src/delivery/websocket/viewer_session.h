// What CMAF and JPEG viewers on a WebSocket share: the right to watch, the place in the channel's
// ring, batching, falling behind, and the end.
// Flow:   live::ChannelView (this loop's) -> cursor here -> net::WebSocket
// Thread: the connection's loop.
// Limits: delivery/limits.h.
//
// A viewer holds a cursor, never a queue: while its socket has unsent bytes nothing is added, and
// when the cursor falls more than 2 s or 2 MiB behind it jumps to the newest place where decoding
// can start. So a slow viewer harms only itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "access/socket_authority.h"
#include "delivery/ports.h"
#include "live/channel_view.h"
#include "net/websocket.h"

namespace butai::delivery {

class ViewerSession : public net::WebSocketHandler, public live::ViewListener, public net::Movable {
 public:
  ViewerSession(const net::Request& request, const Ports& ports, std::string channel, Millis batch,
                net::Policy policy);
  ~ViewerSession() override;

  void on_open(net::WebSocket& socket) final;
  void on_text(std::string_view text) final;
  void on_binary(Bytes message) final;
  void on_drained() final;
  void on_close(std::uint16_t code, std::string_view reason) final;

  void on_air_change() override;
  void on_end() final;
  void move(Millis after) final;
  void shut() final;

 protected:
  // Sends what the cursor stands at and moves it on; false: nothing to send.
  virtual bool send_next() = 0;
  // Whether the cursor is too far behind; if so it jumps, and says so to the viewer.
  virtual void jump_if_behind() = 0;
  // The first time the view is there.
  virtual void begin() = 0;

  void something_new();  // a chunk or picture came: send now or with the batch
  void send_gap(Utc from, Utc to, std::string_view why);
  void send_text(std::string_view json) { socket_->send_text(json); }
  void socket_send(const Bytes& message) { socket_->send_binary({message}); }
  live::ChannelView& view() { return *view_; }
  const Ports& ports() const { return *ports_; }
  void count_gap();

 private:
  void attach();
  void count_in();
  void pump();
  void watch_stall();

  net::Request request_;
  const Ports* ports_;
  std::string channel_;
  Millis batch_;
  net::Policy policy_;
  net::WebSocket* socket_ = nullptr;
  std::unique_ptr<access::SocketAuthority> authority_;
  live::ChannelView* view_ = nullptr;
  std::shared_ptr<live::ChannelCounts> counted_;
  live::OnAir told_;
  TimerHandle batch_timer_;
  TimerHandle stall_timer_;
  std::size_t unsent_before_ = 0;
  bool drained_ = false;  // since the stall was looked for last
  bool stalled_ = false;
  bool pumping_ = false;
};

}  // namespace butai::delivery
