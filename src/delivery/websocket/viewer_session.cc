#include "delivery/websocket/viewer_session.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "delivery/limits.h"

namespace butai::delivery {
namespace {

namespace json = boost::json;

}  // namespace

ViewerSession::ViewerSession(const net::Request& request, const Ports& ports, std::string channel,
                             Millis batch, net::Policy policy)
    : request_(request),
      ports_(&ports),
      channel_(std::move(channel)),
      batch_(batch),
      policy_(policy) {}

ViewerSession::~ViewerSession() = default;

void ViewerSession::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  ports_->open_sockets.add(socket.loop().index(), *this);
  authority_ = std::make_unique<access::SocketAuthority>(
      ports_->guard, policy_, request_, socket.loop(), ports_->clock,
      [this](std::uint16_t code, std::string_view reason) { socket_->close(code, reason); });
  if (authority_->admitted()) attach();
}

void ViewerSession::attach() {
  view_ = &ports_->channels.view(socket_->loop().index(), channel_);
  if (view_->ended()) {
    view_ = nullptr;
    send_text(R"({"type":"end"})");
    return socket_->close(4410, "the channel has ended");
  }
  view_->add(*this);
  told_ = view_->on_air();
  begin();
  pump();
  watch_stall();
}

void ViewerSession::on_text(std::string_view text) {
  boost::system::error_code error;
  const json::value message = json::parse(json::string_view(text.data(), text.size()), error);
  const auto* object = error ? nullptr : message.if_object();
  const auto* type = object != nullptr ? object->if_contains("type") : nullptr;
  if (type == nullptr || !type->is_string()) return socket_->close(4400, "not a message of ours");
  if (type->get_string() == "auth") {
    const auto* token = object->if_contains("token");
    if (token == nullptr || !token->is_string()) return socket_->close(4400, "auth needs a token");
    const auto& value = token->get_string();
    if (authority_->take_token({value.data(), value.size()}) && view_ == nullptr) attach();
  } else if (!authority_->admitted()) {
    socket_->close(4401, "send an auth message first");
  }
}

void ViewerSession::on_binary(Bytes) { socket_->close(4400, "viewers send no binary messages"); }

void ViewerSession::on_close(std::uint16_t, std::string_view) {
  ports_->open_sockets.remove(socket_->loop().index(), *this);
  batch_timer_.reset();
  stall_timer_.reset();
  const bool by_play = authority_ && !authority_->principal().play.empty();
  authority_.reset();
  if (counted_ && !by_play) counted_->viewers.fetch_sub(1, std::memory_order_relaxed);
  if (view_ == nullptr) return;
  view_->remove(*this);
  // Not in this task: the view may be telling its listeners right now.
  socket_->loop().post([channels = &ports_->channels, loop = socket_->loop().index(),
                        name = channel_] { channels->forget(loop, name); });
}

void ViewerSession::something_new() {
  count_in();
  if (batch_ == Millis{0}) return pump();
  if (batch_timer_) return;
  batch_timer_ = socket_->loop().after(batch_, [this] {
    batch_timer_.reset();
    pump();
  });
}

// A viewer with a play is counted by its play's heartbeats, like one of HLS and DASH.
void ViewerSession::count_in() {
  if (counted_ || view_->counts() == nullptr) return;
  counted_ = view_->counts();
  if (authority_->principal().play.empty()) {
    counted_->viewers.fetch_add(1, std::memory_order_relaxed);
  } else {
    ports_->heartbeat(authority_->principal().play);
  }
}

void ViewerSession::pump() {
  if (std::exchange(pumping_, true)) return;
  jump_if_behind();
  while (socket_->unsent() == 0 && send_next()) {
  }
  pumping_ = false;
}

void ViewerSession::on_drained() {
  drained_ = true;
  if (view_ != nullptr) pump();
}

void ViewerSession::on_air_change() {
  const live::OnAir& now = view_->on_air();
  const Utc edge = view_->edge();
  if (told_.live && !now.live) send_gap(edge, edge, "input");
  if (now.live && told_.input != now.input) {
    send_text(fmt::format(R"({{"type":"switch","input":"{}"}})", live::letter(now.input)));
  }
  told_ = now;
}

void ViewerSession::on_end() {
  view_->remove(*this);
  view_ = nullptr;
  send_text(R"({"type":"end"})");
  socket_->close(4410, "the channel has ended");
}

void ViewerSession::move(Millis after) {
  // The same address again: whatever stands in front of us leads to a server that is ready.
  const std::string& origin = request_.peer.origin;  // http… or https…
  send_text(json::serialize(json::object{{"type", "moved"},
                                         {"url", "ws" + origin.substr(4) + request_.target},
                                         {"after_ms", after.count()}}));
}

void ViewerSession::shut() { socket_->close(1001, "this server is shutting down"); }

void ViewerSession::send_gap(Utc from, Utc to, std::string_view why) {
  send_text(fmt::format(R"({{"type":"gap","from":{},"to":{},"why":"{}"}})", micros_of(from),
                        micros_of(to), why));
}

void ViewerSession::count_gap() {
  if (counted_) counted_->gaps.fetch_add(1, std::memory_order_relaxed);
}

// A socket that takes nothing for kStalledMax will not come back.
void ViewerSession::watch_stall() {
  stall_timer_ = socket_->loop().after(kStalledMax / 2, [this] {
    if (!authority_->principal().play.empty()) ports_->heartbeat(authority_->principal().play);
    const std::size_t unsent = socket_->unsent();
    // Pings and words add to it; only what the socket takes makes it less.
    const bool stuck = unsent > 0 && unsent >= unsent_before_ && !drained_;
    unsent_before_ = unsent;
    drained_ = false;
    if (stuck && std::exchange(stalled_, true)) return socket_->close(4008, "too slow");
    if (!stuck) stalled_ = false;
    watch_stall();
  });
}

}  // namespace butai::delivery
