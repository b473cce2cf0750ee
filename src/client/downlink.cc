#include "client/downlink.h"

#include <boost/json.hpp>
#include <utility>

#include "client/limits.h"
#include "media/cmaf_writer.h"
#include "media/h264.h"
#include "media/jpeg.h"

namespace butai::client {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& message, json::string_view name) {
  const auto* value = message.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_of(const json::object& message, json::string_view name) {
  const auto* value = message.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

}  // namespace

void Downlink::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  if (seen_.connect.count() < 0) {
    seen_.connect = std::chrono::duration_cast<Micros>(clock_.steady() - began_);
  }
}

void Downlink::on_text(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  const json::object* message = error ? nullptr : value.if_object();
  if (message == nullptr) return;
  const std::string type = text_of(*message, "type");
  if (type == "init") {
    init_is_next_ = true;
    if (live_from_ == Utc{}) live_from_ = utc_of(number_of(*message, "edge"));
    take_protection(*message);
  } else if (type == "gap") {
    ++seen_.gaps;
    for (auto& [id, state] : tracks_) state.continuity.forget();
  } else if (type == "moved") {
    moved_to_ = text_of(*message, "url");
    if (hooks_.moved) hooks_.moved(moved_to_, Millis{number_of(*message, "after_ms")});
  }
}

// "none", or {"scheme","keys":[{"kid",…}]}
void Downlink::take_protection(const json::object& message) {
  if (auto word = text_of(message, "protection"); !word.empty()) seen_.protection = std::move(word);
  const json::value* told = message.if_contains("protection");
  if (told == nullptr || !told->is_object()) return;
  seen_.protection = text_of(told->get_object(), "scheme");
  const json::value* keys = told->get_object().if_contains("keys");
  if (keys == nullptr || !keys->is_array() || keys->get_array().size() > kKeysOfInitMax) return;
  std::vector<std::string> kids;
  for (const json::value& key : keys->get_array()) {
    if (key.is_object()) kids.push_back(text_of(key.get_object(), "kid"));
  }
  if (hooks_.keys && !kids.empty()) hooks_.keys(kids);
}

void Downlink::on_binary(Bytes message) {
  ++seen_.messages;
  seen_.bytes += message.size();
  if (hooks_.save) hooks_.save(message);
  if (format_ == ViewFormat::Jpeg) return take_picture(message);
  std::exchange(init_is_next_, false) ? take_init(message) : take_chunk(message);
}

void Downlink::take_init(const Bytes& message) {
  const auto tracks = media::parse_init(message);
  if (!tracks || tracks->empty()) {
    ++seen_.unreadable;
    return;
  }
  ++seen_.inits;
  tracks_.clear();
  seen_.codecs.clear();
  for (const media::Track& track : *tracks) {
    seen_.codecs.push_back(media::codec_string(track));
    if (track.id == media::kVideoTrack) {
      seen_.width = track.width;
      seen_.height = track.height;
    }
    tracks_.emplace(track.id, TrackState{track, {}});
  }
}

// The track that decides when decoding can start and whose latency counts: video if there is any.
bool Downlink::leading(media::TrackId id) const { return tracks_.begin()->first == id; }

void Downlink::take_chunk(const Bytes& message) {
  const auto chunk = media::parse_chunk(message);
  const auto found = chunk ? tracks_.find(chunk->track) : tracks_.end();
  if (found == tracks_.end() || chunk->samples.empty()) {
    ++seen_.unreadable;
    return;
  }
  const media::Track& track = found->second.track;
  if (track.protection && hooks_.encrypted) hooks_.encrypted(track, message);
  const std::uint32_t timescale = track.timescale;
  const Ticks start{chunk->base_decode_time, timescale};
  const Ticks duration{chunk->duration(), timescale};
  switch (found->second.continuity.take(start, duration)) {
    case Continuity::Step::Follows:
      break;
    case Continuity::Step::Jumps:
      ++seen_.jumps;
      break;
    case Continuity::Step::GoesBack:
      ++seen_.out_of_order;
      break;
  }
  (chunk->track == media::kVideoTrack ? seen_.frames : seen_.sounds) += chunk->samples.size();
  if (!leading(chunk->track)) return;
  newest_ = Ticks{start.value + duration.value, timescale}.utc();
  if (chunk->samples.front().sync) note_first_frame();
  if (start.utc() < live_from_) return;
  Utc captured = chunk->captured;
  if (captured == Utc{})
    captured = media::find_capture(chunk->samples.front().bytes).value_or(Utc{});
  count_latency(captured);
}

void Downlink::take_picture(const Bytes& message) {
  const auto info = media::inspect_jpeg(message, kMessageBytesMax);
  if (!info) {
    ++seen_.unreadable;
    return;
  }
  ++seen_.frames;
  seen_.width = info->width;
  seen_.height = info->height;
  const bool newest_of_before = !first_frame_seen_;
  note_first_frame();
  if (info->captured != Utc{} && info->captured < last_captured_) ++seen_.out_of_order;
  last_captured_ = info->captured;
  if (!newest_of_before) count_latency(info->captured);
}

void Downlink::count_latency(Utc captured) {
  if (captured == Utc{}) {
    ++seen_.unstamped;
    return;
  }
  seen_.latency.add(clock_.utc() - captured);
}

void Downlink::note_first_frame() {
  if (std::exchange(first_frame_seen_, true)) return;
  if (seen_.first_frame.count() < 0) {
    seen_.first_frame = std::chrono::duration_cast<Micros>(clock_.steady() - began_);
  }
  if (hooks_.first_frame) hooks_.first_frame();
}

void Downlink::close(std::string_view reason) {
  if (socket_ != nullptr) socket_->close(1000, reason);
}

void Downlink::renew(std::string_view token) {
  if (socket_ == nullptr) return;
  socket_->send_text(
      json::serialize(json::object{{"type", "auth"}, {"token", std::string(token)}}));
}

void Downlink::on_close(std::uint16_t code, std::string_view reason) {
  socket_ = nullptr;
  if (hooks_.ended) hooks_.ended({code, std::string(reason), moved_to_});
}

}  // namespace butai::client
