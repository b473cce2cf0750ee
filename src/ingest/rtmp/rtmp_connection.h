// One publisher's RTMP connection: its socket, its right, its media on the way to the channel.
// Flow:   Transport -> ServerSession -> MediaPath -> (post) Publication on the channel's loop
// Thread: the connection's loop.
// Limits: kHandshakeTime, kPublishTime, kIdleTime; ingest's kInFlightBytesMax, then the socket is not
//         read and TCP slows the publisher down.
//
// A token is looked at when publishing begins: RTMP has no way to renew it, and an encoder that is on
// the air is not cut off for the hour. A revoked stream key, and an operator's kick, end it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "access/guard.h"
#include "access/publish_keys.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "ingest/publication.h"
#include "ingest/return_path.h"
#include "ingest/rtmp/media_path.h"
#include "ingest/rtmp/server_session.h"
#include "ingest/rtmp/target.h"
#include "live/channels.h"
#include "net/address.h"
#include "net/address_limits.h"
#include "net/movable.h"
#include "net/transport.h"

namespace butai::ingest::rtmp {

// What every connection needs; owned by app/ and outliving all loops' work.
struct RtmpPorts {
  live::Channels& channels;
  access::AccessGuard& guard;
  access::PublishKeys& publish_keys;
  const Clock& clock;
  Random& random;
  Metrics& metrics;
  net::OpenSockets& open_sockets;
  Publication::Options publication;
};

struct RtmpCounters {
  explicit RtmpCounters(Metrics& metrics);
  prometheus::Gauge& connections;
  prometheus::Counter& bytes;
  prometheus::Counter& refused;
  net::Traffic traffic;
};

class RtmpConnection final : public std::enable_shared_from_this<RtmpConnection>,
                             public net::Movable,
                             private net::TransportUser,
                             private ServerListener {
 public:
  using Gone = std::function<void(RtmpConnection&)>;
  RtmpConnection(const RtmpPorts& ports, RtmpCounters& counters, net::AddressLimits& limits,
                 std::shared_ptr<net::Transport> transport, net::Address address, bool secure,
                 Gone gone);
  ~RtmpConnection() override;

  void start();
  void cut();

  // Publishers hold on until the end, so that viewers lose as little as can be.
  void move(Millis) override {}
  void shut() override;

  // Called by the ReturnPath on this connection's loop.
  void taken(std::shared_ptr<Publication> publication, net::Loop& home);
  void refused(NotBegun why);
  void dismissed(live::Dismissal why);
  void consumed(std::size_t bytes);
  void complain(const std::string& sentence);
  void instruct(const live::Instruction& instruction, const live::InstructionDone& done);

 private:
  void on_open() override {}
  void on_received(ByteView bytes) override;
  void on_drained() override {}
  void on_ended(net::End) override { over(); }

  void on_publish(const PublishTarget& target) override;
  void on_media(MessageType type, std::int64_t millis, Bytes body) override;
  void on_metadata(const Amf0Value& metadata) override { media_.take_metadata(metadata); }
  void on_unpublish() override;

  void ask_with_token();
  void ask_with_key();
  void begin(const std::string& channel, const std::string& subject);
  void refuse(std::string_view code, std::string_view sentence);
  void settle();  // after whatever the session was given: sends, passes on, closes
  void pass_on();
  void late(Millis allowed, std::string_view sentence);
  void watch_media();
  void proven();
  void let_go();
  void over();

  const RtmpPorts& ports_;
  RtmpCounters& counters_;
  net::AddressLimits& limits_;
  std::shared_ptr<net::Transport> transport_;
  const net::Address address_;
  const bool secure_;
  Gone gone_;
  ServerSession session_;
  MediaPath media_;
  std::shared_ptr<ReturnPath<RtmpConnection>> back_;
  std::shared_ptr<Publication> publication_;  // used and let go of on home_ only
  net::Loop* home_ = nullptr;
  Wanted wanted_;
  std::string channel_;
  std::string complaint_;        // the last one
  std::size_t media_bytes_ = 0;  // since the last pass_on()
  std::size_t in_flight_ = 0;
  bool paused_ = false;
  bool counted_ = false;  // among the address's connections that publish nothing
  bool refused_ = false;  // and that was logged
  bool over_ = false;
  Steady last_media_{};
  TimerHandle deadline_;
};

}  // namespace butai::ingest::rtmp
