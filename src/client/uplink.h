// One connection of a publisher: the talk with the server, and frames and pictures made into
// messages.
// Flow:   Publisher (worker::Line) -> Uplink -> net::WebSocket -> WS /ws
// Thread: the loop of the connection.
// Limits: drop_policy.h; one picture waits here at most; kUnackedMax remembered messages.
// Spec:   DESIGN section 5, "publisher →".
//
// 1. hello, then whatever the source gives: an init segment before the first frame (and again when
//    the tracks change), then one moof + mdat per frame; or one JPEG per message.
// 2. The first frame is a key frame, which is asked for when the connection opens.
// 3. ack tells the round trip, instruction is obeyed and answered with done.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "client/drop_policy.h"
#include "client/publish_link.h"
#include "media/frame.h"
#include "media/track.h"
#include "net/websocket.h"

namespace butai::client {

class Uplink final : public net::WebSocketHandler, public PublishLink {
 public:
  Uplink(const Clock& clock, UplinkTotals& totals, UplinkListener& listener)
      : clock_(clock), totals_(totals), listener_(listener) {}

  void set_tracks(const std::vector<media::Track>& tracks) override;
  void send_frame(media::Frame frame) override;
  void send_picture(const Bytes& jpeg, Utc captured) override;
  void renew(std::string_view token) override;
  void close(std::string_view reason) override;
  bool open() const override { return socket_ != nullptr; }
  std::size_t unsent() const override {
    return socket_ == nullptr ? 0 : socket_->unsent() + held_.size();
  }
  std::size_t rate() const { return policy_.rate(); }  // bytes of the last second

  void on_open(net::WebSocket& socket) override;
  void on_text(std::string_view text) override;
  void on_binary(Bytes) override {}  // echoes of a server that sends everything back
  void on_drained() override;
  void on_close(std::uint16_t code, std::string_view reason) override;

 private:
  void send_init();
  void send(Bytes message);
  void take_ack(std::uint64_t message);
  void obey(std::uint64_t id, std::string_view act);
  DropPolicy::Kind kind_of(const media::Frame& frame) const;
  const media::Track* find_track(media::TrackId id) const;

  const Clock& clock_;
  UplinkTotals& totals_;
  UplinkListener& listener_;
  net::WebSocket* socket_ = nullptr;
  DropPolicy policy_;
  std::vector<media::Track> tracks_;
  Bytes held_;  // the newest picture, while the socket is full
  std::uint32_t sequence_ = 0;
  std::uint64_t messages_ = 0;
  std::deque<std::pair<std::uint64_t, Steady>> unacked_;
};

}  // namespace butai::client
