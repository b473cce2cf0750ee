// What a handler holds of the request it answers: a weak hand on the connection, so that an answer
// may come after the peer went.
// Flow:   connection -> make_exchange -> handler -> Answering (the connection again)
// Thread: the connection's loop.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/http.h"

namespace butai::net {

// Which request of a connection: HTTP/2's stream; HTTP/1.1 answers one at a time, always 0.
using StreamId = std::int32_t;

// The connection, as the Exchange and the BodyWriter see it. A stream that is over is ignored.
class Answering {
 public:
  virtual void respond(StreamId stream, Response response) = 0;
  virtual void give(StreamId stream, const ReadyAnswerPtr& answer) {
    respond(stream, answer->response());
  }
  virtual void begin_pieces(StreamId stream, Response head) = 0;
  virtual void write_piece(StreamId stream, std::vector<Bytes> pieces) = 0;
  virtual void finish_pieces(StreamId stream) = 0;
  virtual void give_up(StreamId stream) = 0;  // the pieces end here, and the peer must see it
  virtual std::size_t unsent(StreamId stream) const = 0;
  virtual void when_gone(StreamId stream, std::function<void()> callback) = 0;
  virtual void when_drained(StreamId stream, std::function<void()> callback) = 0;
  virtual Loop& loop() = 0;

 protected:
  ~Answering() = default;
};

ExchangePtr make_exchange(const std::shared_ptr<Answering>& connection, StreamId stream);

}  // namespace butai::net
