// One RTMP connection of a publisher: H.264 and AAC to any RTMP server.
// Flow:   Publisher (worker::Line) -> RtmpUplink -> ClientSession -> net::Transport -> rtmp(s)://
// Thread: the loop of the connection.
// Limits: drop_policy.h, as over WebSocket.
// Spec:   ingest/rtmp/client_session.h.
//
// The configuration of each track goes first, and again when the tracks change; the first picture is
// a key frame. Times begin at 0 with the connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "client/drop_policy.h"
#include "client/endpoint.h"
#include "client/publish_link.h"
#include "ingest/rtmp/client_session.h"
#include "net/client.h"
#include "net/dialer.h"

namespace butai::client {

class RtmpUplink final : public PublishLink,
                         public std::enable_shared_from_this<RtmpUplink>,
                         private net::TransportUser,
                         private ingest::rtmp::ClientListener {
 public:
  // Not connected, or refused before anything was published.
  using Failed = std::function<void(const net::ConnectFailure&)>;

  RtmpUplink(net::Loop& loop, const Clock& clock, Random& random, const RtmpAddress& address,
             std::string_view token, UplinkTotals& totals, UplinkListener& listener, Failed failed);
  ~RtmpUplink() override;

  void connect(const net::ClientOptions& options);

  void set_tracks(const std::vector<media::Track>& tracks) override;
  void send_frame(media::Frame frame) override;
  void send_picture(const Bytes&, Utc) override { ++totals_.dropped; }  // RTMP carries no JPEG
  void renew(std::string_view) override {}  // a token counts when publishing begins
  void close(std::string_view reason) override;
  bool open() const override { return session_.publishing(); }
  std::size_t unsent() const override { return transport_ ? transport_->unsent() : 0; }

 private:
  void on_open() override {}
  void on_received(ByteView bytes) override;
  void on_drained() override;
  void on_ended(net::End end) override;
  void on_publishing() override;
  void on_refused(std::string_view code, std::string_view sentence) override;

  void send_configurations();
  void flush();
  void gone(std::uint16_t code, const std::string& reason);
  const media::Track* find_track(media::TrackId id) const;

  net::Loop& loop_;
  const Clock& clock_;
  const RtmpAddress address_;
  UplinkTotals& totals_;
  UplinkListener& listener_;
  Failed failed_;
  ingest::rtmp::ClientSession session_;
  std::shared_ptr<net::Dialing> dialing_;
  std::shared_ptr<net::Transport> transport_;
  TimerHandle timer_;  // to connect; then, to take leave
  DropPolicy policy_;
  std::vector<media::Track> tracks_;
  std::optional<std::int64_t> base_millis_;
  std::string refused_code_;
  bool published_ = false, leaving_ = false, gone_ = false;
};

}  // namespace butai::client
