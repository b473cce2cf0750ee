#include "delivery/websocket/viewer_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/name.h"
#include "delivery/websocket/rendition_choice.h"

namespace butai::delivery::websocket {
namespace {

namespace json = boost::json;

}  // namespace

ViewerSession::ViewerSession(const net::Request& request, const Ports& ports, FanOuts& fan_outs,
                             Wish wish, net::Policy policy)
    : request_(request),
      ports_(ports),
      fan_outs_(fan_outs),
      wish_(std::move(wish)),
      policy_(policy) {}

void ViewerSession::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  ports_.open_sockets.add(socket.loop().index(), *this);
  authority_ = std::make_unique<access::SocketAuthority>(
      ports_.guard, policy_, request_, socket.loop(), ports_.clock,
      [this](std::uint16_t code, std::string_view reason) { socket_->close(code, reason); });
  if (authority_->admitted()) attach();
}

live::ChannelView& ViewerSession::view() const {
  return ports_.channels.view(socket_->loop().index(), wish_.channel);
}

void ViewerSession::attach() {
  if (view().ended()) return on_end();
  told_ = view().on_air();
  choice_ = choose();
  fan_out_ = &fan_outs_.of(socket_->loop(), wish_.channel, wish_.feed, choice_, wish_.interval);
  fan_out_->join(*this, wish_.after);
}

// --- renditions ---

Choice ViewerSession::choose() {
  if (wish_.feed == FanOut::Feed::Pictures) return {};
  const auto names = renditions_for(view(), wish_.rendition);
  lowered_ = std::min(lowered_, names.size() - 1);
  const std::string sound = sound_for(view(), wish_.sound);
  const live::Rendition* rendition = view().rendition(names[lowered_]);
  const bool alone = rendition != nullptr && rendition->track.codec == media::Codec::Aac;
  if (alone && !sound.empty()) return {sound, {}};  // the ladder has the first alone
  return {names[lowered_], sound};
}

// Takes the place that it has over to the other rendition, which begins at the key frame before it.
void ViewerSession::settle() {
  if (fan_out_ == nullptr) return;
  Choice next = choose();
  if (next == choice_) return;
  choice_ = std::move(next);
  const Utc sent = fan_out_->leave(*this);
  fan_outs_.release(socket_->loop(), wish_.channel);
  fan_out_ = &fan_outs_.of(socket_->loop(), wish_.channel, wish_.feed, choice_, wish_.interval);
  fan_out_->join(*this, sent == Utc{} ? wish_.after : sent);
}

// The fan-out allows nobody to leave while it calls.
void ViewerSession::settle_later() {
  settle_ = socket_->loop().after(Micros{0}, [this] { settle(); });
}

void ViewerSession::on_wish(std::string_view rendition) {
  if (!rendition.empty() && !is_name(rendition)) {
    return socket_->close(4400, "a rendition has a name of [A-Za-z0-9_-]");
  }
  wish_.rendition = rendition;
  lowered_ = 0;
  slow_ = {};
  settle();
}

void ViewerSession::on_sound_wish(std::string_view sound) {
  if (!sound.empty() && !is_name(sound)) {
    return socket_->close(4400, "a sound has a name of [A-Za-z0-9_-]");
  }
  wish_.sound = sound;
  settle();
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
    if (authority_->take_token({value.data(), value.size()}) && fan_out_ == nullptr) attach();
  } else if (!authority_->admitted()) {
    socket_->close(4401, "send an auth message first");
  } else if (type->get_string() == "rendition" || type->get_string() == "sound") {
    const auto* name = object->if_contains("name");
    if (name == nullptr || !name->is_string()) {
      return socket_->close(4400, "rendition and sound need a name, empty for the usual one");
    }
    const std::string_view wished(name->get_string().data(), name->get_string().size());
    type->get_string() == "sound" ? on_sound_wish(wished) : on_wish(wished);
  }
}

void ViewerSession::on_binary(Bytes) { socket_->close(4400, "viewers send no binary messages"); }

void ViewerSession::on_close(std::uint16_t, std::string_view) {
  ports_.open_sockets.remove(socket_->loop().index(), *this);
  const bool by_play = authority_ && !play().empty();
  authority_.reset();
  if (counted_ && !by_play) counted_->viewers.fetch_sub(1, std::memory_order_relaxed);
  if (fan_out_ == nullptr) return;
  fan_out_->leave(*this);
  fan_outs_.release(socket_->loop(), wish_.channel);
}

bool ViewerSession::send(std::span<const Bytes> frames, std::size_t messages) {
  socket_->send_frames(frames, messages);
  return socket_->unsent() == 0;
}

void ViewerSession::on_drained() {
  if (fan_out_ != nullptr) fan_out_->drained(*this);
}

// A viewer with a play is counted by its play's heartbeats, like one of HLS and DASH.
void ViewerSession::on_channel() {
  counted_ = view().counts();
  if (play().empty()) counted_->viewers.fetch_add(1, std::memory_order_relaxed);
  look();
}

void ViewerSession::look() {
  if (counted_ && !play().empty()) ports_.heartbeat(play());
  const Steady now = ports_.clock.steady();
  if (lowered_ > 0 && slow_.may_rise(now)) {
    --lowered_;
    slow_.raised(now);
  }
  if (fan_out_ != nullptr && choose() != choice_) settle_later();
}

void ViewerSession::gap(Utc from, Utc to, std::string_view why) {
  socket_->send_text(fmt::format(R"({{"type":"gap","from":{},"to":{},"why":"{}"}})",
                                 micros_of(from), micros_of(to), why));
  if (why != "slow") return;
  if (counted_) counted_->gaps.fetch_add(1, std::memory_order_relaxed);
  if (!play().empty()) ports_.missed(play(), to - from);
  const Steady now = ports_.clock.steady();
  switch (slow_.jumped(now)) {
    case SlowPolicy::Advice::Stay:
      return;
    case SlowPolicy::Advice::Close:
      return too_slow();
    case SlowPolicy::Advice::Lower:
      break;
  }
  if (lowered_ + 1 >= renditions_for(view(), wish_.rendition).size()) return;
  ++lowered_;
  slow_.lowered(now);
  settle_later();
}

void ViewerSession::too_slow() { socket_->close(4008, "too slow"); }

void ViewerSession::on_air_change() {
  const live::OnAir& now = view().on_air();
  const Utc edge = view().edge();
  if (told_.live && !now.live) gap(edge, edge, "input");
  if (now.live && told_.input != now.input) {
    socket_->send_text(fmt::format(R"({{"type":"switch","input":"{}"}})", live::letter(now.input)));
  }
  told_ = now;
}

void ViewerSession::on_end() {
  fan_out_ = nullptr;
  fan_outs_.release(socket_->loop(), wish_.channel);
  socket_->send_text(R"({"type":"end"})");
  socket_->close(4410, "the channel has ended");
}

void ViewerSession::move(Millis after) {
  // The same address again: whatever stands in front of us leads to a server that is ready.
  const std::string& origin = request_.peer.origin;  // http… or https…
  socket_->send_text(
      json::serialize(json::object{{"type", "moved"},
                                   {"url", "ws" + origin.substr(4) + request_.target},
                                   {"after_ms", after.count()}}));
}

void ViewerSession::shut() { socket_->close(1001, "this server is shutting down"); }

}  // namespace butai::delivery::websocket
