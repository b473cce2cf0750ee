#include "client/uplink.h"

#include <algorithm>
#include <boost/json.hpp>

#include "client/limits.h"
#include "media/cmaf_writer.h"
#include "media/h264.h"
#include "media/jpeg.h"

namespace butai::client {
namespace {

namespace json = boost::json;

// What a frame lasts when its source does not say: one period of the announced rate.
std::int64_t predicted_duration(const media::Track& track) {
  if (track.codec == media::Codec::Aac) {
    return mul_div(1024, track.timescale, std::max(track.sample_rate, 1U));  // an AAC frame
  }
  const media::Rational rate = track.frame_rate.num > 0 ? track.frame_rate : media::Rational{30, 1};
  return mul_div(track.timescale, rate.den, rate.num);
}

std::string_view text_of(const json::object& message, std::string_view name) {
  const auto* value = message.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::uint64_t number_of(const json::object& message, std::string_view name) {
  const auto* value = message.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  return error ? 0 : number;
}

}  // namespace

void Uplink::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  json::object hello{{"type", "hello"}, {"clock", micros_of(clock_.utc())}};
  if (!totals_.resume.empty()) hello["resume"] = totals_.resume;
  socket_->send_text(json::serialize(hello));
  if (!tracks_.empty()) send_init();
  listener_.on_connected();
}

void Uplink::set_tracks(const std::vector<media::Track>& tracks) {
  const bool same = std::ranges::equal(tracks_, tracks, media::same_decoding);
  tracks_ = tracks;
  if (socket_ != nullptr && !same) send_init();
}

void Uplink::send_init() {
  send(media::write_init(tracks_));
  if (std::ranges::find(tracks_, media::kVideoTrack, &media::Track::id) == tracks_.end()) return;
  policy_.wait_for_key_frame();
  listener_.on_key_frame_wanted();
}

const media::Track* Uplink::find_track(media::TrackId id) const {
  const auto found = std::ranges::find(tracks_, id, &media::Track::id);
  return found == tracks_.end() ? nullptr : &*found;
}

DropPolicy::Kind Uplink::kind_of(const media::Frame& frame) const {
  if (frame.track != media::kVideoTrack) return DropPolicy::Kind::Sound;
  return frame.key ? DropPolicy::Kind::KeyFrame : DropPolicy::Kind::Frame;
}

void Uplink::send_frame(media::Frame frame) {
  const media::Track* track = find_track(frame.track);
  if (socket_ == nullptr || track == nullptr) return;
  const DropPolicy::Kind kind = kind_of(frame);
  if (policy_.judge(kind, socket_->unsent()) == DropPolicy::Verdict::Drop) {
    if (kind != DropPolicy::Kind::Sound) ++totals_.dropped;
    return;
  }
  if (frame.duration <= 0) frame.duration = predicted_duration(*track);
  const bool video = kind != DropPolicy::Kind::Sound;
  if (video && frame.captured != Utc{} && !media::find_capture(frame.data)) {
    // The server reads the capture time from here; prft is for those who parse only boxes.
    if (auto stamped = media::with_capture_sei(frame.data, frame.captured)) frame.data = *stamped;
  }
  ++(video ? totals_.frames : totals_.sounds);
  send(media::write_chunk(*track, {&frame, 1}, ++sequence_));
}

void Uplink::send_picture(const Bytes& jpeg, Utc captured) {
  if (socket_ == nullptr) return;
  const auto info = media::inspect_jpeg(jpeg, kMessageBytesMax);
  if (!info) {
    ++totals_.dropped;
    return;
  }
  Bytes message = info->captured == Utc{} ? media::add_capture_comment(jpeg, captured) : jpeg;
  if (policy_.picture_fits(socket_->unsent())) {
    if (!std::exchange(held_, Bytes{}).empty()) ++totals_.dropped;
    ++totals_.frames;
    return send(std::move(message));
  }
  if (!std::exchange(held_, std::move(message)).empty()) ++totals_.dropped;
}

void Uplink::send(Bytes message) {
  const Steady now = clock_.steady();
  policy_.sent(message.size(), now);
  totals_.bytes += message.size();
  unacked_.emplace_back(++messages_, now);
  if (unacked_.size() > kUnackedMax) unacked_.pop_front();
  socket_->send_binary({std::move(message)});
}

void Uplink::on_drained() {
  if (!held_.empty()) {
    ++totals_.frames;
    send(std::exchange(held_, Bytes{}));
  }
  if (policy_.waiting()) listener_.on_key_frame_wanted();
}

void Uplink::on_text(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  const json::object* message = error ? nullptr : value.if_object();
  if (message == nullptr) return;
  const std::string_view type = text_of(*message, "type");
  if (type == "welcome") {
    totals_.resume = text_of(*message, "resume");
  } else if (type == "ack") {
    take_ack(number_of(*message, "message"));
  } else if (type == "instruction") {
    obey(number_of(*message, "id"), text_of(*message, "do"));
  } else if (type == "error") {
    listener_.on_told(text_of(*message, "message"));
  }
}

void Uplink::take_ack(std::uint64_t message) {
  while (!unacked_.empty() && unacked_.front().first < message) unacked_.pop_front();
  if (unacked_.empty() || unacked_.front().first != message) return;
  totals_.round_trip =
      std::chrono::duration_cast<Micros>(clock_.steady() - unacked_.front().second);
  unacked_.pop_front();
}

void Uplink::obey(std::uint64_t id, std::string_view act) {
  json::object done{{"type", "done"}, {"id", id}};
  if (act == "key_frame") {
    listener_.on_key_frame_wanted();
  } else {
    done["error"] = "this client does not know the instruction \"" + std::string(act) + "\"";
  }
  socket_->send_text(json::serialize(done));
}

void Uplink::renew(std::string_view token) {
  if (socket_ == nullptr) return;
  socket_->send_text(
      json::serialize(json::object{{"type", "auth"}, {"token", std::string(token)}}));
}

void Uplink::close(std::string_view reason) {
  if (socket_ != nullptr) socket_->close(1000, reason);
}

void Uplink::on_close(std::uint16_t code, std::string_view reason) {
  socket_ = nullptr;
  listener_.on_disconnected(code, reason);
}

}  // namespace butai::client
