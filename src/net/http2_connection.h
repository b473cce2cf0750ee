// One HTTP/2 connection: many requests at once, each admitted and answered as over HTTP/1.1.
// Flow:   Transport -> Http2Session -> ServedRequest (admission) -> handler -> Http2Session
//         -> Transport, a batch at a time: while the kernel is full, answers wait in their streams,
//         where the more urgent ones can still overtake
// Thread: one loop.
// Limits: net/limits.h; the deadlines of HTTP/1.1, absolute, for each stream.
// Spec:   RFC 9113 over TLS, agreed on by ALPN. WebSocket stays on HTTP/1.1 (no RFC 8441).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/address.h"
#include "net/address_limits.h"
#include "net/exchange.h"
#include "net/http2_session.h"
#include "net/http_context.h"
#include "net/served_request.h"
#include "net/transport.h"

namespace butai::net {

inline constexpr std::string_view kHttp2Protocol = "h2";  // in ALPN

class Http2Connection final : public Connection,
                              public Answering,
                              public std::enable_shared_from_this<Http2Connection>,
                              private TransportUser,
                              private Http2User {
 public:
  // `transport` is open. `seat`: as the connection was counted when it was accepted.
  Http2Connection(HttpContext& context, std::shared_ptr<Transport> transport, Address address,
                  std::optional<UnprovenSeat> seat, Room room);
  ~Http2Connection() override;

  void open();
  void cut() override;
  void end_if_idle() override;  // GOAWAY; open streams are still answered

  void respond(StreamId stream, Response response) override;
  void begin_pieces(StreamId stream, Response head) override;
  void write_piece(StreamId stream, std::vector<Bytes> pieces) override;
  void finish_pieces(StreamId stream) override;
  void give_up(StreamId stream) override;
  std::size_t unsent(StreamId stream) const override;
  void when_gone(StreamId stream, std::function<void()> callback) override;
  void when_drained(StreamId stream, std::function<void()> callback) override;
  Loop& loop() override { return context_.loop; }

 private:
  struct Stream {
    ServedRequest served;
    bool discard = false;  // pieces of an answer to HEAD
    std::function<void()> gone;
    std::function<void()> drained;
    bool wants_drained = false;  // something was written since it was last told
    std::optional<std::uint64_t> sent_at_stall;
    TimerHandle late;  // the body's deadline
  };
  enum class Watch : std::uint8_t { Nothing, Head, Idle };

  void on_open() override {}
  void on_received(ByteView bytes) override;
  void on_drained() override;
  void on_ended(End end) override;

  void on_head(StreamId id, std::expected<MessageHead, HttpError> head, BodyComing body) override;
  void on_body(StreamId id, ByteView bytes) override;
  void on_body_end(StreamId id) override;
  void on_closed(StreamId id) override;

  Stream* find(StreamId id);
  void dispatch(StreamId id, Stream& stream);
  void late_body(StreamId id);
  void pump();
  void pump_soon();
  void tell_drained();
  void watch_time();
  void late_head();
  void idle_too_long();
  void watch_stall();
  void look_for_stalls();
  void count(Http2Fault fault);
  void over();

  HttpContext& context_;
  std::shared_ptr<Transport> transport_;
  const Address address_;
  std::optional<UnprovenSeat> seat_;  // until the first complete request
  const Room room_;
  Http2Session session_;
  std::unordered_map<StreamId, Stream> streams_;
  bool in_session_ = false;  // inside receive() or take(): what is written leaves afterwards
  bool pump_posted_ = false;
  bool asked_ = false;  // a head was whole
  bool draining_ = false;
  bool over_ = false;
  Watch watch_ = Watch::Nothing;
  TimerHandle deadline_;
  TimerHandle stall_;
  TimerHandle drain_;
  std::uint64_t sent_at_stall_ = 0;
};

}  // namespace butai::net
