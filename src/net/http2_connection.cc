#include "net/http2_connection.h"

#include <prometheus/counter.h>

#include <utility>

#include "net/limits.h"

namespace butai::net {

Http2Connection::Http2Connection(HttpContext& context, std::shared_ptr<Transport> transport,
                                 Address address, std::optional<UnprovenSeat> seat, Room room)
    : context_(context),
      transport_(std::move(transport)),
      address_(address),
      seat_(std::move(seat)),
      room_(room),
      session_(*this) {
  transport_->use(*this);
}

Http2Connection::~Http2Connection() { transport_->detach(); }

void Http2Connection::open() {
  context_.counters.http2.connections->Increment();
  transport_->keep_little_unsent();
  watch_ = Watch::Head;  // the first request, whole, as a head of HTTP/1.1
  deadline_ = context_.loop.after(context_.deadlines.head, [this] { late_head(); });
  if (context_.draining) end_if_idle();
  pump_soon();
}

// --- requests ---

void Http2Connection::on_received(ByteView bytes) {
  const auto self = shared_from_this();
  in_session_ = true;
  session_.receive(bytes, context_.clock.steady());
  in_session_ = false;
  pump();
}

void Http2Connection::on_head(StreamId id, std::expected<MessageHead, HttpError> head,
                              BodyComing body) {
  asked_ = true;
  Stream& stream = streams_[id];
  if (!head) {
    context_.counters.refused.Increment();
    return respond(id, Response::problem(status_of(head.error()), sentence_of(head.error())));
  }
  const bool asks_first = ServedRequest::asks_first(*head);
  stream.served.admit(context_, *head, address_, "https", *this, room_);
  if (body == BodyComing::No) return dispatch(id, stream);
  // Unlike HTTP/1.1, the rest of a refused body costs nothing: the stream is closed.
  if (stream.served.admission().instead) return dispatch(id, stream);
  if (asks_first) session_.invite(id);
  stream.late = context_.loop.after(stream.served.body_time(context_, head->length),
                                    [this, id] { late_body(id); });
}

void Http2Connection::on_body(StreamId id, ByteView bytes) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  std::string& body = stream->served.request().body;
  if (body.size() + bytes.size() > stream->served.body_max()) {
    return respond(id, Response::problem(status_of(HttpError::BodyTooLarge),
                                         sentence_of(HttpError::BodyTooLarge)));
  }
  body.append(as_text(bytes));
}

void Http2Connection::on_body_end(StreamId id) {
  if (Stream* stream = find(id)) dispatch(id, *stream);
}

void Http2Connection::dispatch(StreamId id, Stream& stream) {
  seat_.reset();  // a complete request: no longer counted against its address
  stream.late.reset();
  Admission& admission = stream.served.admission();
  if (admission.instead) return respond(id, std::move(*admission.instead));
  // A WebSocket route answers 426 in admit(): there is no Upgrade in HTTP/2.
  std::get<HttpHandler>(admission.route->handler)(stream.served.request(),
                                                  make_exchange(shared_from_this(), id));
}

void Http2Connection::late_body(StreamId id) {
  const auto self = shared_from_this();
  count(Http2Fault::Late);
  respond(id, Response::problem(408, "the request's body came too slowly"));
}

void Http2Connection::on_closed(StreamId id) {
  const auto node = streams_.extract(id);
  if (node.empty()) return;
  if (node.mapped().gone) node.mapped().gone();
}

// --- answers ---

Http2Connection::Stream* Http2Connection::find(StreamId id) {
  const auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : &at->second;
}

void Http2Connection::respond(StreamId id, Response response) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->late.reset();
  stream->gone = nullptr;
  stream->served.complete(context_, response);
  const bool head_only = stream->served.head_only(response);
  if (head_only) response.body.clear();
  const bool bare = response.body.empty();
  session_.answer(id, response.status, response.headers, std::move(response.body),
                  bare ? Http2Session::Body::None : Http2Session::Body::Whole);
  pump_soon();
}

void Http2Connection::begin_pieces(StreamId id, Response head) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->served.complete_head(context_, head);
  stream->discard = stream->served.head_only(head);
  if (stream->discard) head.body.clear();
  session_.answer(id, head.status, head.headers, std::move(head.body),
                  stream->discard ? Http2Session::Body::None : Http2Session::Body::Pieces);
  stream->wants_drained = true;
  pump_soon();
}

void Http2Connection::write_piece(StreamId id, std::vector<Bytes> pieces) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->discard) return;
  session_.write(id, std::move(pieces));
  stream->wants_drained = true;
  pump_soon();
}

void Http2Connection::finish_pieces(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->gone = nullptr;
  stream->drained = nullptr;
  session_.finish(id);
  pump_soon();
}

void Http2Connection::give_up(StreamId id) {
  if (find(id) == nullptr) return;
  session_.reset(id, Http2Session::Reset::Internal);
  pump_soon();
}

std::size_t Http2Connection::unsent(StreamId id) const {
  return over_ ? 0 : session_.waiting(id) + transport_->unsent();
}

void Http2Connection::when_gone(StreamId id, std::function<void()> callback) {
  if (Stream* stream = find(id)) stream->gone = std::move(callback);
}

void Http2Connection::when_drained(StreamId id, std::function<void()> callback) {
  if (Stream* stream = find(id)) stream->drained = std::move(callback);
}

// --- sending ---

// Answers of one turn leave together: a sweep releases many held requests of one connection.
void Http2Connection::pump_soon() {
  if (over_ || in_session_ || std::exchange(pump_posted_, true)) return;
  context_.loop.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->pump_posted_ = false;
    self->pump();
  });
}

void Http2Connection::pump() {
  if (over_ || in_session_) return;
  const auto self = shared_from_this();
  bool all = false;
  for (int batch = 0; batch < kHttp2BatchesPerTurn && !all && transport_->unsent() == 0; ++batch) {
    in_session_ = true;
    const std::vector<Bytes> pieces = session_.take(kHttp2BatchBytes);
    in_session_ = false;
    all = pieces.empty();
    if (!all) transport_->send({}, pieces);
  }
  if (over_) return;
  const bool faulty = session_.fault() != Http2Fault::None;
  if (session_.over() || (faulty && transport_->unsent() > 0)) {
    count(session_.fault());
    if (faulty && transport_->unsent() > 0) return cut();
    transport_->finish();
    return over();
  }
  if (transport_->unsent() == 0 && !all) pump_soon();
  tell_drained();
  watch_time();
  watch_stall();
}

void Http2Connection::on_drained() { pump(); }

void Http2Connection::tell_drained() {
  if (transport_->unsent() > 0) return;
  std::vector<std::function<void()>> callbacks;
  for (auto& [id, stream] : streams_) {
    if (!stream.wants_drained || session_.waiting(id) > 0) continue;
    stream.wants_drained = false;
    if (stream.drained) callbacks.push_back(stream.drained);
  }
  for (const auto& callback : callbacks) callback();
}

// --- time ---

// A header block must end; a connection without streams must ask again.
void Http2Connection::watch_time() {
  if (over_) return;
  Watch wanted = streams_.empty() ? Watch::Idle : Watch::Nothing;
  if (!asked_ || session_.head_open()) wanted = Watch::Head;
  if (wanted == watch_) return;
  watch_ = wanted;
  deadline_.reset();
  if (wanted == Watch::Head) {
    deadline_ = context_.loop.after(context_.deadlines.head, [this] { late_head(); });
  } else if (wanted == Watch::Idle) {
    deadline_ = context_.loop.after(context_.deadlines.idle, [this] { idle_too_long(); });
  }
}

void Http2Connection::late_head() {
  const auto self = shared_from_this();
  context_.counters.refused.Increment();
  session_.end_for(Http2Fault::Late);
  pump();
}

void Http2Connection::idle_too_long() {
  const auto self = shared_from_this();
  if (transport_->unsent() > 0) {  // still taking the last answer; the stall timer watches
    watch_ = Watch::Nothing;
    return;
  }
  session_.end();
  pump();
}

// A peer that takes nothing of what is sent is cut; a stream that it lets wait is reset.
void Http2Connection::watch_stall() {
  if (over_ || stall_) return;
  bool waits = transport_->unsent() > 0;
  for (auto& [id, stream] : streams_) {
    waits = waits || session_.waiting(id) > 0;
    stream.sent_at_stall = session_.sent(id);
  }
  if (!waits) return;
  sent_at_stall_ = transport_->sent_total();
  stall_ = context_.loop.after(context_.deadlines.stall, [this] {
    const auto self = shared_from_this();
    stall_.reset();
    look_for_stalls();
  });
}

void Http2Connection::look_for_stalls() {
  if (transport_->unsent() > 0 && transport_->sent_total() == sent_at_stall_) {
    count(Http2Fault::Stalled);
    return cut();
  }
  for (const auto& [id, stream] : streams_) {
    if (!stream.sent_at_stall || !session_.blocked(id)) continue;
    if (session_.sent(id) - *stream.sent_at_stall >= kHttp2StallBytesMin) continue;
    count(Http2Fault::Stalled);
    session_.reset(id, Http2Session::Reset::Cancel);
  }
  pump();
}

// --- the end ---

void Http2Connection::end_if_idle() {
  if (over_ || std::exchange(draining_, true)) return;
  session_.announce_end();
  drain_ = context_.loop.after(kHttp2DrainGrace, [this] {
    const auto self = shared_from_this();
    session_.end();
    pump();
  });
  pump_soon();
}

void Http2Connection::on_ended(End) { cut(); }

void Http2Connection::cut() {
  if (over_) return;
  const auto self = shared_from_this();
  transport_->drop();
  over();
}

void Http2Connection::count(Http2Fault fault) {
  if (fault != Http2Fault::None) {
    context_.counters.http2.faults[static_cast<std::size_t>(fault)]->Increment();
  }
}

// The last word of this connection; the transport has been told already.
void Http2Connection::over() {
  if (std::exchange(over_, true)) return;
  seat_.reset();
  deadline_.reset();
  stall_.reset();
  drain_.reset();
  context_.remove(*this);
  const auto streams = std::exchange(streams_, {});
  for (const auto& [id, stream] : streams) {
    if (stream.gone) stream.gone();
  }
}

}  // namespace butai::net
