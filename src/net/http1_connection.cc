#include "net/http1_connection.h"

#include <fmt/format.h>
#include <prometheus/counter.h>

#include <algorithm>
#include <utility>

#include "net/conditional.h"
#include "net/http1_exchange.h"
#include "net/limits.h"
#include "net/text.h"
#include "net/websocket_connection.h"
#include "net/websocket_upgrade.h"

namespace butai::net {

namespace {

// The head of a ReadyAnswer as text; only the date in it is written anew.
struct ReadyHead final : ReadyAnswer::Head {
  std::string text;
  std::size_t date_at = 0;
  const Route* route = nullptr;  // whose policy's fields are in it
};

}  // namespace

Http1Connection::Http1Connection(HttpContext& context, std::shared_ptr<Transport> transport,
                                 Address address, Scheme scheme)
    : context_(context),
      transport_(std::move(transport)),
      address_(address),
      scheme_(scheme),
      socket_key_(address.limit_key()) {}

Http1Connection::~Http1Connection() {
  if (transport_) transport_->detach();
}

void Http1Connection::start() {
  context_.add(shared_from_this());
  beyond_capacity_ = context_.open.all > context_.capacity;
  // A trusted proxy brings many viewers; its own limits stand before ours.
  counted_ = !context_.peers->trusts(address_);
  const bool welcome = !counted_ || context_.limits.enter(socket_key_);
  if (!welcome) counted_ = false;
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
  const Http1Head& head = reader_->head();
  asked_at_ = std::chrono::steady_clock::now();
  request_ = {};
  admission_ =
      admit(context_, head, address_, scheme_ == Scheme::Https ? "https" : "http", request_);
  if (beyond_capacity_ && !admission_.instead && admission_.route->policy.who == Who::Viewer) {
    context_.counters.refused.Increment();
    admission_.instead = full_answer();
  }
  const auto connection = head.headers.find("Connection");
  close_after_ = head.version == 10 || (connection && list_has(*connection, "close"));
  if (admission_.malformed || beyond_capacity_) close_after_ = true;
  const std::size_t body_max =
      admission_.route != nullptr ? admission_.route->policy.body_bytes_max : kInputBytesMax;
  if (head.length.value_or(0) > body_max) {
    close_after_ = true;
    admission_.instead = Response::problem(
        413, fmt::format("the body is larger than the {} bytes that this address takes", body_max));
    return respond(std::move(*admission_.instead));
  }
  const auto expects = head.headers.find("Expect");
  const bool asks_first =
      expects && equal_without_case(*expects, "100-continue") && !reader_->done();
  if (admission_.instead && (admission_.malformed || asks_first)) {
    close_after_ = true;  // the body, if it comes, will not be read
    return respond(std::move(*admission_.instead));
  }
  if (asks_first && head.version == 11) transport_->send(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
  stage_ = Stage::Body;
  if (!reader_->done()) {
    const std::uint64_t expected = head.length.value_or(body_max);
    deadline(context_.deadlines.body_grace + Millis{expected * 1000 / kBodyBytesPerSecondMin},
             &Http1Connection::late_body);
  }
}

bool Http1Connection::read_body() {
  if (!reader_->done()) {
    const std::size_t body_max =
        admission_.route != nullptr ? admission_.route->policy.body_bytes_max : kInputBytesMax;
    const auto taken = reader_->read_body(input_, request_.body, body_max);
    if (!taken) {
      refuse(status_of(taken.error()), sentence_of(taken.error()));
      return false;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(*taken));
    if (!reader_->done()) return false;
  }
  proven();
  late_ = nullptr;
  stage_ = Stage::Answering;
  dispatch();
  return stage_ == Stage::Head;
}

// The first complete request: this connection no longer counts against its address.
void Http1Connection::proven() {
  if (std::exchange(counted_, false)) context_.limits.leave(socket_key_);
}

void Http1Connection::dispatch() {
  if (admission_.instead) return respond(std::move(*admission_.instead));
  if (std::holds_alternative<WebSocketRoute>(admission_.route->handler)) return upgrade();
  std::get<HttpHandler>(admission_.route->handler)(request_, make_exchange(shared_from_this()));
}

void Http1Connection::upgrade() {
  const auto& route = std::get<WebSocketRoute>(admission_.route->handler);
  auto handler = route.accept(request_);
  if (!handler) return respond(std::move(handler.error()));
  Headers headers = accept_handshake(request_.headers, route.subprotocols);
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
  context_.add(socket);
  context_.remove(*this);
  socket->open(std::exchange(input_, {}));
}

void Http1Connection::finish_headers(Response& response) const {
  add_policy_headers(admission_, response);
  response.headers.set("Date", context_.date());
  response.headers.set("Server", "Butai");
  if (close_after_ || context_.draining) response.headers.set("Connection", "close");
}

std::string Http1Connection::head_of(Response& response) const {
  finish_headers(response);
  return write_head(response.status, response.headers);
}

void Http1Connection::count_answer(int status) {
  const auto took =
      std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now() - asked_at_);
  context_.counters.answered(status, took);
}

const std::string& Http1Connection::ready_head(ReadyAnswer& answer) const {
  auto& kept = answer.head(ReadyAnswer::Protocol::Http1);
  auto* head = static_cast<ReadyHead*>(kept.get());
  if (head == nullptr || head->route != admission_.route) {
    auto made = std::make_unique<ReadyHead>();
    head = made.get();
    Response response = answer.response();
    response.headers.set("Accept-Ranges", "bytes");
    response.headers.set("Content-Length", std::to_string(answer.size()));
    finish_headers(response);
    head->text = write_head(response.status, response.headers);
    head->date_at = head->text.find("\r\nDate: ") + std::string_view("\r\nDate: ").size();
    head->route = admission_.route;
    kept = std::move(made);
  }
  const std::string& date = context_.date();
  std::ranges::copy(date, head->text.begin() + static_cast<std::ptrdiff_t>(head->date_at));
  return head->text;
}

void Http1Connection::give(const ReadyAnswerPtr& answer) {
  if (stage_ == Stage::Over) return;
  const bool plain = request_.method == Method::Get && !close_after_ && !context_.draining &&
                     answer->response().status == 200 && !has_conditions(request_);
  if (!plain) return respond(answer->response());
  count_answer(200);
  transport_->send(as_bytes(ready_head(*answer)), answer->response().body);
  next_request();
}

void Http1Connection::respond(Response response) {
  if (stage_ == Stage::Over) return;
  count_answer(response.status);
  // A good login was no guess.
  if (admission_.route != nullptr && admission_.route->policy.rate == RateClass::Login &&
      response.status < 400) {
    context_.limits.give_back(RateClass::Login, request_.peer.limit_key);
  }
  apply_conditions(request_, response);
  std::size_t size = 0;
  for (const Bytes& piece : response.body) size += piece.size();
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  if (!bodiless) response.headers.set("Content-Length", std::to_string(size));
  close_after_ = close_after_ || context_.draining;
  const std::string head = head_of(response);
  const bool head_only = bodiless || request_.method == Method::Head;
  transport_->send(as_bytes(head), head_only ? std::span<const Bytes>{} : response.body);
  next_request();
}

void Http1Connection::begin_pieces(Response head) {
  if (stage_ == Stage::Over) return;
  count_answer(head.status);
  stage_ = Stage::Pieces;
  discard_ = request_.method == Method::Head;
  chunked_ = reader_->head().version == 11;
  close_after_ = close_after_ || context_.draining;
  if (chunked_) {
    head.headers.set("Transfer-Encoding", "chunked");
  } else {
    close_after_ = true;
  }
  std::vector<Bytes> first = std::move(head.body);
  transport_->send(as_bytes(head_of(head)));
  if (!first.empty()) write_piece(std::move(first));
  if (!discard_) return;
  // Nobody listens: the producer is told once it has had time to ask for on_gone.
  context_.loop.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->stage_ == Stage::Pieces && self->gone_) std::exchange(self->gone_, nullptr)();
  });
}

void Http1Connection::write_piece(std::vector<Bytes> pieces) {
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

void Http1Connection::finish_pieces() {
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
    request_ = {};
    admission_ = {};
    asked_at_ = std::chrono::steady_clock::now();
  }
  close_after_ = true;
  respond(Response::problem(status, detail));
}

void Http1Connection::when_gone(std::function<void()> callback) {
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
  if (stage_ != Stage::Head || !input_.empty() || counted_) return;
  const auto self = shared_from_this();
  transport_->finish();
  over();
}

// The last word of this connection, whatever ended it; the transport has been told already.
void Http1Connection::over() {
  if (stage_ == Stage::Over) return;
  stage_ = Stage::Over;
  proven();
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
