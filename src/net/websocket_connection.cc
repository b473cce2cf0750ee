#include "net/websocket_connection.h"

#include <prometheus/counter.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "net/loop.h"

namespace butai::net {

namespace {

Steady now() { return std::chrono::steady_clock::now(); }

}  // namespace

WebSocketConnection::WebSocketConnection(WebSocketSession::Role role,
                                         std::shared_ptr<Transport> transport,
                                         const WebSocketLimits& limits,
                                         std::unique_ptr<WebSocketHandler> handler,
                                         WebSocketCounters counters, Gone gone)
    : transport_(std::move(transport)),
      handler_(std::move(handler)),
      counters_(counters),
      gone_(std::move(gone)),
      session_(role, limits, *this, now()) {}

WebSocketConnection::~WebSocketConnection() { transport_->detach(); }

void WebSocketConnection::open(ByteView early) {
  const auto self = shared_from_this();
  transport_->use(*this);
  transport_->keep_little_unsent();
  handler_->on_open(*this);
  if (session_.finished()) return;
  feed(early);
  if (!session_.finished()) watch();
}

void WebSocketConnection::send_text(std::string_view text) {
  if (counters_.sent != nullptr) counters_.sent->Increment();
  session_.send_text(text);
}

void WebSocketConnection::send_binary(const std::vector<Bytes>& pieces) {
  if (counters_.sent != nullptr) counters_.sent->Increment();
  session_.send_binary(pieces);
}

void WebSocketConnection::send_frames(std::span<const Bytes> frames, std::size_t messages) {
  if (!session_.open()) return;
  if (counters_.sent != nullptr) counters_.sent->Increment(static_cast<double>(messages));
  transport_->send({}, frames);
}

void WebSocketConnection::close(std::uint16_t code, std::string_view reason) {
  const auto self = shared_from_this();
  session_.close(code, reason, now());
  if (paused_) resume_reading();  // the peer's close frame must be seen
  if (!session_.finished()) watch();
}

void WebSocketConnection::pause_reading() {
  if (std::exchange(paused_, true)) return;
  session_.halt();
  session_.reading_paused();
  transport_->pause();
}

void WebSocketConnection::resume_reading() {
  if (!std::exchange(paused_, false)) return;
  session_.reading_resumed(now());
  transport_->resume();
  if (feeding_ || held_.empty()) return watch();
  // Posted: the caller may be in the middle of something that expects no message.
  transport_->loop().post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->paused_ || self->session_.finished()) return;
    self->feed({});
    if (!self->session_.finished()) self->watch();
  });
}

void WebSocketConnection::on_received(ByteView bytes) {
  const auto self = shared_from_this();
  feed(bytes);
  if (!session_.finished()) watch();
}

// What was held comes first; what the session does not take is held.
void WebSocketConnection::feed(ByteView bytes) {
  if (feeding_ || paused_) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return;
  }
  feeding_ = true;
  while (!paused_ && !held_.empty() && !session_.finished()) {
    std::vector<std::uint8_t> earlier = std::exchange(held_, {});
    const std::size_t taken = session_.receive(earlier, now());
    held_.insert(held_.begin(), earlier.begin() + static_cast<std::ptrdiff_t>(taken),
                 earlier.end());
  }
  while (!paused_ && !bytes.empty() && !session_.finished()) {
    bytes = bytes.subspan(session_.receive(bytes, now()));
  }
  feeding_ = false;
  if (!session_.finished()) held_.insert(held_.end(), bytes.begin(), bytes.end());
}

void WebSocketConnection::on_drained() {
  const auto self = shared_from_this();
  if (handler_ && session_.open()) handler_->on_drained();
}

void WebSocketConnection::on_ended(End) {
  const auto self = shared_from_this();
  session_.lost();
}

void WebSocketConnection::cut() {
  const auto self = shared_from_this();
  session_.lost();
}

void WebSocketConnection::transmit(ByteView head, std::span<const Bytes> pieces) {
  transport_->send(head, pieces);
}

MaskKey WebSocketConnection::new_mask() {
  MaskKey mask;
  SystemRandom().fill(mask);
  return mask;
}

void WebSocketConnection::on_text(std::string_view text) {
  if (counters_.received != nullptr) counters_.received->Increment();
  handler_->on_text(text);
}

void WebSocketConnection::on_binary(Bytes message) {
  if (counters_.received != nullptr) counters_.received->Increment();
  handler_->on_binary(std::move(message));
}

void WebSocketConnection::on_finished(std::uint16_t code, std::string_view reason) {
  const auto self = shared_from_this();
  timer_.reset();
  held_.clear();
  if (code == 1006) {
    transport_->drop();
  } else {
    transport_->finish();
  }
  handler_->on_close(code, reason);
  // After whatever runs now: the handler may be the caller of what ended it.
  transport_->loop().post([kept = self, last = std::move(handler_)] {});
  if (gone_) std::exchange(gone_, nullptr)(*this);
}

// One timer for everything that is due; it only ever moves closer before it fires.
void WebSocketConnection::watch() {
  const Steady due = session_.next_deadline();
  if (due >= armed_for_) return;
  armed_for_ = due;
  const auto delay = std::max(Micros{0}, std::chrono::ceil<Micros>(due - now()));
  timer_ = transport_->loop().after(delay, [this] {
    const auto self = shared_from_this();
    armed_for_ = Steady::max();
    session_.advance(now());
    if (!session_.finished()) watch();
  });
}

}  // namespace butai::net
