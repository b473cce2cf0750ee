// The inside of an Http2Session: its streams, and what nghttp2 calls. Three files make it:
// http2_session.cc (options, faults, the end), http2_requests.cc (what comes in), http2_answers.cc
// (what goes out).
// Thread: its session's.
#pragma once

#include <nghttp2/nghttp2.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/budget.h"
#include "net/http2_frames.h"
#include "net/http2_session.h"
#include "net/limits.h"
#include "net/priority.h"

namespace butai::net {

struct Http2Stream {
  // The request.
  MessageHead head;
  std::string scheme;
  std::string authority;
  std::size_t block_bytes = 0;
  std::optional<HttpError> refused;
  bool told = false;       // on_head was called
  bool asked_all = false;  // END_STREAM came
  Priority priority;
  std::size_t unclaimed = 0;  // body bytes whose share of the connection's window is kept back
  // The answer.
  bool answered = false;
  bool more = false;      // pieces may still come
  bool deferred = false;  // nghttp2 waits for resume_data
  std::deque<Bytes> queue;
  std::size_t waiting = 0;
  std::uint64_t sent = 0;
};

struct Http2Session::Impl {
  explicit Impl(Http2User& told);
  ~Impl() { nghttp2_session_del(session); }

  static Impl& of(void* user) { return *static_cast<Impl*>(user); }
  static nghttp2_session_callbacks* make_callbacks();
  static nghttp2_option* make_options();

  Http2Stream* find(StreamId id) {
    const auto at = streams.find(id);
    return at == streams.end() ? nullptr : &at->second;
  }
  void fault_is(Http2Fault what) {
    if (fault != Http2Fault::None) return;
    fault = what;
    nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
  }

  // What a frame of the peer costs; the fault, when its budget is empty.
  std::optional<Http2Fault> spend(const FrameHead& frame);
  int begin_headers(const nghttp2_frame& frame);
  int header(StreamId id, std::string_view name, std::string_view value);
  void add_field(Http2Stream& stream, std::string_view name, std::string_view value);
  int frame_received(const nghttp2_frame& frame);
  int head_complete(StreamId id, Http2Stream& stream, bool ended);
  void body_complete(StreamId id, Http2Stream& stream);
  int body(StreamId id, ByteView bytes);
  int frame_sent(const nghttp2_frame& frame);
  void closed(StreamId id);
  ssize_t read(StreamId id, std::size_t most, std::uint32_t& flags);
  int send_data(StreamId id, ByteView head, std::size_t count);
  void put_small(ByteView bytes);
  void order(StreamId id, const Http2Stream& stream, const Headers& answer);
  void resume(StreamId id, Http2Stream& stream) {
    if (std::exchange(stream.deferred, false)) nghttp2_session_resume_data(session, id);
  }

  Http2User& user;
  nghttp2_session* session = nullptr;
  std::unordered_map<StreamId, Http2Stream> streams;
  FrameReader frames;
  Budget resets{kHttp2ResetsMax, kHttp2ResetsPerSecond};
  Budget controls{kHttp2ControlsMax, kHttp2ControlsPerSecond};
  Steady now;
  std::size_t continuations = 0;  // in a row
  StreamId open_block = 0;        // the stream whose header block is not whole
  Http2Fault fault = Http2Fault::None;
  bool dead = false;  // nghttp2 gave up reading

  // The batch being made: frame heads and small frames in one buffer, between slices of bodies.
  struct Piece {
    std::size_t at = 0;
    std::size_t size = 0;
    Bytes body;
  };
  std::vector<std::uint8_t> small;
  std::vector<Piece> pieces;
  std::size_t batch = 0;
  std::size_t batch_max = 0;
  std::size_t sent_uncredited = 0;
};

}  // namespace butai::net
