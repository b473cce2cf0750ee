// One HTTP/1.1 connection: requests in order, each read, admitted, answered, then the next.
// Flow:   Transport -> Http1Reader -> admission (route, CSRF, rate, Guard) -> body -> handler
//         -> Response -> Transport; or the Transport is handed on: by an upgrade to a
//         WebSocketConnection, by ALPN to an Http2Connection
// Thread: one loop.
// Limits: net/limits.h: absolute deadlines per stage; what is pipelined waits in kInputBytesMax.
// Spec:   RFC 9112. HTTP/1.0 is answered and closed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/address.h"
#include "net/address_limits.h"
#include "net/exchange.h"
#include "net/http1_codec.h"
#include "net/http_context.h"
#include "net/served_request.h"
#include "net/transport.h"

namespace butai::net {

struct ReadyHead;

enum class Scheme : std::uint8_t { Http, Https };

class Http1Connection final : public Connection,
                              public Answering,
                              public std::enable_shared_from_this<Http1Connection>,
                              private TransportUser {
 public:
  Http1Connection(HttpContext& context, std::shared_ptr<Transport> transport, Address address,
                  Scheme scheme);
  ~Http1Connection() override;

  // Starts; a connection over the address's limit is told 429 and closed.
  void start();
  void cut() override;
  void end_if_idle() override;

  void respond(StreamId stream, Response response) override;
  void give(StreamId stream, const ReadyAnswerPtr& answer) override;
  void begin_pieces(StreamId stream, Response head) override;
  void write_piece(StreamId stream, std::vector<Bytes> pieces) override;
  void finish_pieces(StreamId stream) override;
  void give_up(StreamId) override { cut(); }
  std::size_t unsent(StreamId) const override { return transport_ ? transport_->unsent() : 0; }
  void when_gone(StreamId stream, std::function<void()> callback) override;
  void when_drained(StreamId, std::function<void()> callback) override {
    drained_ = std::move(callback);
  }
  Loop& loop() override { return context_.loop; }

 private:
  enum class Stage : std::uint8_t {
    Opening,    // TLS handshake
    Head,       // waiting for a request, or in the middle of its head
    Body,       // admitted or refused; its body is still coming
    Answering,  // the handler has it
    Pieces,     // the handler writes it piece by piece
    Over,
  };

  void on_open() override;
  void on_received(ByteView bytes) override;
  void on_drained() override;
  void on_ended(End end) override;

  void advance();
  bool read_head();
  bool read_body();
  void admit_head();
  void dispatch();
  void upgrade();
  void next_request();
  void refuse(int status, std::string_view detail);  // and close: what follows cannot be trusted
  void become_http2();
  std::string head_of(Response& response) const;
  ReadyHead& ready_head(ReadyAnswer& answer) const;
  void watch_stall();
  void deadline(Millis allowed, void (Http1Connection::*late)());
  void arm_deadline();
  void late_head();
  void late_body();
  void idle_too_long();
  void over();

  HttpContext& context_;
  std::shared_ptr<Transport> transport_;
  const Address address_;
  const Scheme scheme_;
  Stage stage_ = Stage::Opening;
  Room room_ = Room::Free;            // for another viewer, when this one came
  std::optional<UnprovenSeat> seat_;  // until the first complete request
  bool advancing_ = false;
  bool close_after_ = false;
  bool chunked_ = false;  // the pieces being written
  bool discard_ = false;  // the pieces answer a HEAD
  bool idle_ = false;     // no byte of the next request yet

  std::vector<std::uint8_t> input_;
  std::unique_ptr<Http1Reader> reader_;
  ServedRequest served_;
  std::function<void()> gone_;
  std::function<void()> drained_;
  TimerHandle deadline_;
  Steady armed_for_;                           // when deadline_ looks
  Steady due_;                                 // when late_ is called
  void (Http1Connection::*late_)() = nullptr;  // null: nothing is awaited
  TimerHandle stall_;
  std::uint64_t sent_at_stall_ = 0;
};

}  // namespace butai::net
