#include "net/http1_connection.h"

#include <fmt/format.h>
#include <prometheus/counter.h>

#include <algorithm>
#include <utility>

#include "net/conditional.h"
#include "net/http2_connection.h"
#include "net/limits.h"
#include "net/text.h"
#include "net/websocket_connection.h"
#include "net/websocket_upgrade.h"

namespace butai::net {

// The head of a ReadyAnswer as text, and a small body behind it; only the date in it is written anew.
struct ReadyHead final : ReadyAnswer::Head {
  std::string text;
  std::size_t date_at = 0;
  const Route* route = nullptr;  // whose policy's fields are in it
  bool with_body = false;
  BodyFileUse file;
};

Http1Connection::Http1Connection(HttpContext& context, std::shared_ptr<Transport> transport,
                                 Address address, Scheme scheme)
    : context_(context), transport_(std::move(transport)), address_(address), scheme_(scheme) {}

Http1Connection::~Http1Connection() {
  if (transport_) transport_->detach();
}

void Http1Connection::start() {
  context_.add(shared_from_this());
  if (context_.open.all > context_.capacity.viewers) room_ = Room::Full;
  // A trusted proxy brings many viewers; its own limits stand before ours.
  const bool counted = !context_.peers->trusts(address_);
  const bool welcome = !counted || context_.limits.enter(address_.limit_key());
  if (counted && welcome) seat_.emplace(context_.limits, address_.limit_key());
  if (!welcome && scheme_ == Scheme::Https) {
    context_.counters.refused.Increment();
    return cut();
  }
  deadline(context_.deadlines.handshake, &Http1Connection::cut);
  transport_->start(*this);
  if (!welcome && stage_ != Stage::Over) {
    refuse(429, "too many connections of your address wait without a request");
  }
}

void Http1Connection::on_open() {
  if (transport_->protocol() == kHttp2Protocol) return become_http2();
  stage_ = Stage::Head;
  reader_ = std::make_unique<Http1Reader>(MessageKind::Request);
  deadline(context_.deadlines.head, &Http1Connection::late_head);
}

void Http1Connection::on_received(ByteView bytes) {
  const auto self = shared_from_this();
  const bool begins = stage_ == Stage::Head && std::exchange(idle_, false);
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (input_.size() > kInputBytesMax) transport_->pause();
  advance();
  // Most requests come in one piece and need no deadline.
  if (begins && stage_ == Stage::Head && !idle_) {
    deadline(context_.deadlines.head, &Http1Connection::late_head);
  }
}

// Runs as far as the bytes and the handlers allow; a handler that answers at once comes back here
// as a loop, not as a recursion.
void Http1Connection::advance() {
  if (std::exchange(advancing_, true)) return;
  const auto self = shared_from_this();
  for (bool more = true; more;) {
    switch (stage_) {
      case Stage::Head:
        more = transport_->unsent() < kPipelineUnsentMax && read_head();
        break;
      case Stage::Body:
        more = read_body();
        break;
      default:
        more = false;
    }
  }
  advancing_ = false;
  if (stage_ == Stage::Over) return;
  if (input_.size() <= kInputBytesMax) transport_->resume();
}

bool Http1Connection::read_head() {
  if (input_.empty()) return false;
  const auto taken = reader_->read_head(input_);
  if (!taken) {
    context_.counters.refused.Increment();
    refuse(status_of(taken.error()), sentence_of(taken.error()));
    return false;
  }
  if (*taken == 0) return false;
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(*taken));
  admit_head();
  return stage_ != Stage::Over;
}

void Http1Connection::admit_head() {
  MessageHead& head = reader_->head();
  served_ = {};
  const auto connection = head.headers.find("Connection");
  const bool closes = connection && list_has(*connection, "close");
  const bool asks_first = ServedRequest::asks_first(head) && !reader_->done();
  served_.admit(context_, head, address_, scheme_ == Scheme::Https ? "https" : "http", *this,
                room_);
  Admission& admission = served_.admission();
  close_after_ = head.version == 10 || closes || admission.malformed || served_.too_large() ||
                 (room_ == Room::Full && !apart);
  if (admission.instead && (admission.malformed || served_.too_large() || asks_first)) {
    close_after_ = true;  // the body, if it comes, will not be read
    return respond(0, std::move(*admission.instead));
  }
  if (asks_first && head.version == 11) transport_->send(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
  stage_ = Stage::Body;
  if (!reader_->done()) {
    deadline(served_.body_time(context_, head.length), &Http1Connection::late_body);
  }
}

bool Http1Connection::read_body() {
  if (!reader_->done()) {
    const auto taken = reader_->read_body(input_, served_.request().body, served_.body_max());
    if (!taken) {
      refuse(status_of(taken.error()), sentence_of(taken.error()));
      return false;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(*taken));
    if (!reader_->done()) return false;
  }
  seat_.reset();
  late_ = nullptr;
  stage_ = Stage::Answering;
  dispatch();
  return stage_ == Stage::Head;
}

void Http1Connection::dispatch() {
  Admission& admission = served_.admission();
  if (admission.instead) return respond(0, std::move(*admission.instead));
  if (std::holds_alternative<WebSocketRoute>(admission.route->handler)) return upgrade();
  std::get<HttpHandler>(admission.route->handler)(served_.request(),
                                                  make_exchange(shared_from_this(), 0));
}

void Http1Connection::upgrade() {
  const auto& route = std::get<WebSocketRoute>(served_.admission().route->handler);
  auto handler = route.accept(served_.request());
  if (!handler) return respond(0, std::move(handler.error()));
  Headers headers = accept_handshake(served_.request().headers, route.subprotocols);
  headers.add("Date", context_.date());
  transport_->send(as_bytes(write_head(101, headers)));
  context_.counters.answered(101, Micros{0});
  stage_ = Stage::Over;
  deadline_.reset();
  stall_.reset();
  const auto socket = std::make_shared<WebSocketConnection>(
      WebSocketSession::Role::Server, std::move(transport_), route.limits, std::move(*handler),
      context_.counters.websocket,
      [&context = context_](WebSocketConnection& connection) { context.remove(connection); });
  transport_ = nullptr;
  socket->apart = apart;
  context_.add(socket);
  context_.remove(*this);
  socket->open(std::exchange(input_, {}));
}

// By ALPN: the bytes that follow are another protocol's.
void Http1Connection::become_http2() {
  stage_ = Stage::Over;
  deadline_.reset();
  const auto next = std::make_shared<Http2Connection>(context_, std::move(transport_), address_,
                                                      std::exchange(seat_, std::nullopt), room_);
  transport_ = nullptr;
  context_.add(next);
  context_.remove(*this);
  next->open();
}

std::string Http1Connection::head_of(Response& response) const {
  if (close_after_) response.headers.set("Connection", "close");
  return write_head(response.status, response.headers);
}

ReadyHead& Http1Connection::ready_head(ReadyAnswer& answer) const {
  auto& kept = answer.head(ReadyAnswer::Protocol::Http1);
  auto* head = static_cast<ReadyHead*>(kept.get());
  if (head == nullptr || head->route != served_.route()) {
    auto made = std::make_unique<ReadyHead>();
    head = made.get();
    Response response = answer.response();
    response.headers.set("Accept-Ranges", "bytes");
    response.headers.set("Content-Length", std::to_string(answer.size()));
    served_.add_fields(context_, response);
    head->text = write_head(response.status, response.headers);
    head->date_at = head->text.find("\r\nDate: ") + std::string_view("\r\nDate: ").size();
    head->route = served_.route();
    head->with_body = answer.size() <= kJoinedBytesMax;
    for (const Bytes& piece : response.body) {
      if (head->with_body) head->text.append(piece.text());
    }
    kept = std::move(made);
  }
  const std::string& date = context_.date();
  std::ranges::copy(date, head->text.begin() + static_cast<std::ptrdiff_t>(head->date_at));
  return *head;
}

void Http1Connection::give(StreamId, const ReadyAnswerPtr& answer) {
  if (stage_ == Stage::Over) return;
  const bool plain = served_.request().method == Method::Get && !close_after_ &&
                     !context_.draining && answer->response().status == 200 &&
                     !has_conditions(served_.request());
  if (!plain) return respond(0, answer->response());
  served_.count(context_, 200);
  ReadyHead& head = ready_head(*answer);
  if (head.with_body) {
    transport_->send(as_bytes(head.text));
    return next_request();
  }
  const std::vector<Bytes>& body = answer->response().body;
  const auto file =
      transport_->takes_files() ? context_.files.of(head.file, body, answer->size()) : nullptr;
  transport_->send(as_bytes(head.text), body, file);
  next_request();
}

void Http1Connection::respond(StreamId, Response response) {
  if (stage_ == Stage::Over) return;
  served_.complete(context_, response);
  close_after_ = close_after_ || context_.draining;
  const std::string head = head_of(response);
  const bool head_only = served_.head_only(response);
  transport_->send(as_bytes(head), head_only ? std::span<const Bytes>{} : response.body);
  next_request();
}

void Http1Connection::begin_pieces(StreamId, Response head) {
  if (stage_ == Stage::Over) return;
  served_.complete_head(context_, head);
  stage_ = Stage::Pieces;
  transport_->keep_little_unsent();
  discard_ = served_.request().method == Method::Head;
  chunked_ = reader_->head().version == 11;
  close_after_ = close_after_ || context_.draining;
  if (chunked_) {
    head.headers.set("Transfer-Encoding", "chunked");
  } else {
    close_after_ = true;
  }
  std::vector<Bytes> first = std::move(head.body);
  transport_->send(as_bytes(head_of(head)));
  if (!first.empty()) write_piece(0, std::move(first));
  if (!discard_) return;
  // Nobody listens: the producer is told once it has had time to ask for on_gone.
  context_.loop.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->stage_ == Stage::Pieces && self->gone_) std::exchange(self->gone_, nullptr)();
  });
}

void Http1Connection::write_piece(StreamId, std::vector<Bytes> pieces) {
  if (stage_ != Stage::Pieces || discard_) return;
  std::size_t size = 0;
  for (const Bytes& piece : pieces) size += piece.size();
  if (size == 0) return;  // an empty chunk would end the body
  if (!chunked_) {
    transport_->send({}, pieces);
  } else {
    pieces.push_back(Bytes::copy_of("\r\n"));
    transport_->send(as_bytes(fmt::format("{:x}\r\n", size)), pieces);
  }
  watch_stall();
}

void Http1Connection::finish_pieces(StreamId) {
  if (stage_ != Stage::Pieces) return;
  if (chunked_ && !discard_) transport_->send(as_bytes("0\r\n\r\n"));
  next_request();
}

void Http1Connection::next_request() {
  gone_ = nullptr;
  drained_ = nullptr;
  if (close_after_) {
    transport_->finish();
    return over();
  }
  stage_ = Stage::Head;
  reader_->restart();
  watch_stall();
  idle_ = input_.empty();
  if (idle_) {
    deadline(context_.deadlines.idle, &Http1Connection::idle_too_long);
  } else {
    deadline(context_.deadlines.head, &Http1Connection::late_head);
  }
  if (!advancing_) advance();
}

void Http1Connection::refuse(int status, std::string_view detail) {
  if (stage_ == Stage::Over) return;
  if (stage_ == Stage::Head) {  // of a request that we could not read: nothing is known of it
    served_ = {};
  }
  close_after_ = true;
  respond(0, Response::problem(status, detail));
}

void Http1Connection::when_gone(StreamId, std::function<void()> callback) {
  if (stage_ == Stage::Answering || stage_ == Stage::Pieces) gone_ = std::move(callback);
}

void Http1Connection::on_drained() {
  const auto self = shared_from_this();
  stall_.reset();
  if (drained_) {
    const auto callback = drained_;  // it may replace itself
    callback();
  }
  advance();
}

void Http1Connection::on_ended(End end) {
  const auto self = shared_from_this();
  if (end == End::Closed && stage_ == Stage::Head && transport_->unsent() > 0) {
    transport_->finish();  // it asked, said goodbye and still reads
    return over();
  }
  cut();
}

void Http1Connection::cut() {
  if (stage_ == Stage::Over) return;
  const auto self = shared_from_this();
  transport_->drop();
  over();
}

void Http1Connection::end_if_idle() {
  if (stage_ != Stage::Head || !input_.empty() || seat_) return;
  const auto self = shared_from_this();
  transport_->finish();
  over();
}

// The last word of this connection, whatever ended it; the transport has been told already.
void Http1Connection::over() {
  if (stage_ == Stage::Over) return;
  stage_ = Stage::Over;
  seat_.reset();
  deadline_.reset();
  stall_.reset();
  context_.remove(*this);
  drained_ = nullptr;
  if (gone_) std::exchange(gone_, nullptr)();
}

// A timer that is armed for earlier than needed stays: when it fires it is armed again. So a request
// that is answered at once costs none.
void Http1Connection::deadline(Millis allowed, void (Http1Connection::*late)()) {
  late_ = late;
  due_ = std::chrono::steady_clock::now() + allowed;
  if (!deadline_ || due_ < armed_for_) arm_deadline();
}

void Http1Connection::arm_deadline() {
  armed_for_ = due_;
  const auto left = due_ - std::chrono::steady_clock::now();
  deadline_ = context_.loop.after(std::chrono::ceil<Micros>(left), [this] {
    const auto self = shared_from_this();
    deadline_.reset();
    if (late_ == nullptr) return;
    if (std::chrono::steady_clock::now() < due_) return arm_deadline();
    (this->*std::exchange(late_, nullptr))();
  });
}

void Http1Connection::late_head() {
  context_.counters.refused.Increment();
  if (input_.empty()) return cut();
  refuse(408, "the request's head took too long");
}

void Http1Connection::late_body() { refuse(408, "the request's body came too slowly"); }

void Http1Connection::idle_too_long() {
  if (transport_->unsent() > 0) return;  // still taking the last answer; the stall timer watches
  transport_->finish();
  over();
}

// A peer that takes nothing of its answer for kStallDeadline is cut.
void Http1Connection::watch_stall() {
  if (stall_ || transport_->unsent() == 0) return;
  sent_at_stall_ = transport_->sent_total();
  stall_ = context_.loop.after(context_.deadlines.stall, [this] {
    const auto self = shared_from_this();
    stall_.reset();
    if (transport_->unsent() == 0) return;
    if (transport_->sent_total() == sent_at_stall_) return cut();
    watch_stall();
  });
}

}  // namespace butai::net
