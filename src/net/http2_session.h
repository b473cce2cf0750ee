// One HTTP/2 connection's protocol without its socket: bytes in, requests out; answers in, frames
// out. nghttp2 does framing, HPACK and flow control; what a peer may cost is decided here.
// Flow:   bytes -> receive() -> Http2User; answer(), write(), finish() -> take() -> Transport
//         1. A head is collected field by field within kHeadBytesMax and told when it is whole.
//         2. A body's bytes are handed on; their share of the connection's window comes back when
//            the body is whole, so that unfinished bodies together are bounded.
//         3. An answer's bytes wait in their stream as shared Bytes. take() lets nghttp2 choose by
//            urgency and window, and gives frame heads and slices of those Bytes: no copy.
//         4. Frames that carry neither request nor body, and streams reset by the peer or for its
//            faults, draw on two budgets; an empty one ends the connection.
// Thread: a plain object of its connection. User calls come from inside receive() and take(); they
//         may answer, write, finish and reset, but not receive, take or destroy.
// Limits: net/limits.h, section HTTP/2.
// Spec:   RFC 9113, RFC 7541, RFC 9218. No push, no h2c, no CONNECT, no RFC 7540 priorities.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "net/exchange.h"
#include "net/http1_codec.h"

namespace butai::net {

// Why a connection or a stream was ended by us; the label of butai_http2_faults_total.
enum class Http2Fault : std::uint8_t {
  None,
  Protocol,  // frames, compression or windows against the rules
  Headers,   // a header block without end: CONTINUATION flood, HPACK bomb
  Resets,    // streams opened and reset, by the peer or for its faults (rapid reset, MadeYouReset)
  Controls,  // SETTINGS, PING, PRIORITY, WINDOW_UPDATE, empty frames without measure
  Stalled,   // takes nothing, or a window so small that it is a trickle
  Late,      // a head or a body that came too slowly
};
inline constexpr std::size_t kHttp2FaultCount = 7;
std::string_view name_of(Http2Fault fault);

enum class BodyComing : std::uint8_t { No, Yes };

class Http2User {
 public:
  // A head is whole; or it is too large, and what follows of it is thrown away.
  virtual void on_head(StreamId stream, std::expected<MessageHead, HttpError> head,
                       BodyComing body) = 0;
  virtual void on_body(StreamId stream, ByteView bytes) = 0;
  virtual void on_body_end(StreamId stream) = 0;
  // Answered, or reset by either side; the stream is unknown from now on.
  virtual void on_closed(StreamId stream) = 0;

 protected:
  ~Http2User() = default;
};

class Http2Session {
 public:
  explicit Http2Session(Http2User& user);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // Bytes of the peer. After a fault they are thrown away.
  void receive(ByteView bytes, Steady now);
  // What to send next, in order, about `most` bytes; empty when there is nothing or the peer's
  // windows are full. The Bytes of one call share their frame heads.
  std::vector<Bytes> take(std::size_t most);

  // 100 Continue.
  void invite(StreamId stream);
  enum class Body : std::uint8_t { None, Whole, Pieces };
  // Fields of HTTP/1.1's connection are left out; a Priority field orders the stream. `body` is
  // empty with Body::None.
  void answer(StreamId stream, int status, const Headers& headers, std::vector<Bytes> body,
              Body kind);
  void write(StreamId stream, std::vector<Bytes> pieces);
  void finish(StreamId stream);
  enum class Reset : std::uint8_t { Cancel, Internal };
  void reset(StreamId stream, Reset why);

  // Bytes of the stream that no take() has given yet.
  std::size_t waiting(StreamId stream) const;
  // Bytes wait and the peer's window is full.
  bool blocked(StreamId stream) const;
  std::uint64_t sent(StreamId stream) const;

  // GOAWAY that lets streams on their way in still be answered; then the one that does not.
  void announce_end();
  void end();
  // Ends at once, told as ENHANCE_YOUR_CALM.
  void end_for(Http2Fault fault);

  std::size_t streams() const;
  bool head_open() const;  // in the middle of a header block
  Http2Fault fault() const;
  bool over() const;  // nothing will be read and nothing is to be sent

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::net
