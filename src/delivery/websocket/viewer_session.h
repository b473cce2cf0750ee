// One viewer on a WebSocket: its right to watch, what it is told, and the end. Its place in the
// picture is the fan-out's.
// Flow:   net::WebSocket <- here <- FanOut
// Thread: the connection's loop.
// Limits: delivery/limits.h; the right is watched by access::SocketAuthority.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "access/socket_authority.h"
#include "delivery/ports.h"
#include "delivery/websocket/fan_outs.h"
#include "delivery/websocket/slow_policy.h"
#include "net/websocket.h"

namespace butai::delivery::websocket {

// What the viewer asked for.
struct Wish {
  std::string channel;
  FanOut::Feed feed = FanOut::Feed::Chunks;
  Millis interval{33};       // 0, 33 or 100
  std::optional<Utc> after;  // goes on there, if that is still kept
  std::string rendition;     // the best it wants; empty: the source's own
  std::string sound;         // the one it wants; empty: the first
};

class ViewerSession final : public net::WebSocketHandler,
                            private FanOutViewer,
                            private net::Movable {
 public:
  ViewerSession(const net::Request& request, const Ports& ports, FanOuts& fan_outs, Wish wish,
                net::Policy policy);

  void on_open(net::WebSocket& socket) override;
  void on_text(std::string_view text) override;
  void on_binary(Bytes message) override;
  void on_drained() override;
  void on_close(std::uint16_t code, std::string_view reason) override;

 private:
  bool send(std::span<const Bytes> frames, std::size_t messages) override;
  std::uint64_t taken() const override { return socket_->sent_total(); }
  void gap(Utc from, Utc to, std::string_view why) override;
  void too_slow() override;
  void look() override;
  void on_channel() override;
  void on_air_change() override;
  void tell(std::string_view text) override { socket_->send_text(text); }
  void on_end() override;

  void move(Millis after) override;
  void shut() override;

  void attach();
  void on_wish(std::string_view rendition);
  void on_sound_wish(std::string_view sound);
  Choice choose();
  void settle();
  void settle_later();
  live::ChannelView& view() const;
  const std::string& play() const { return authority_->principal().play; }

  net::Request request_;
  const Ports& ports_;
  FanOuts& fan_outs_;
  Wish wish_;
  net::Policy policy_;
  net::WebSocket* socket_ = nullptr;
  std::unique_ptr<access::SocketAuthority> authority_;
  FanOut* fan_out_ = nullptr;  // while it watches
  std::shared_ptr<live::ChannelCounts> counted_;
  live::OnAir told_;
  SlowPolicy slow_;
  Choice choice_;            // that it gets
  std::size_t lowered_ = 0;  // steps below the best that it may get
  TimerHandle settle_;
};

}  // namespace butai::delivery::websocket
