#include "client/rtmp_uplink.h"

#include <algorithm>
#include <utility>

#include "ingest/rtmp/limits.h"
#include "ingest/rtmp/server_session.h"
#include "media/flv.h"
#include "media/h264.h"

namespace butai::client {
namespace {

namespace rtmp = ingest::rtmp;
using rtmp::Amf0Value;
using rtmp::MessageType;

std::string name_with(const RtmpAddress& address, std::string_view token) {
  if (token.empty() || address.name.find("token=") != std::string::npos) return address.name;
  const char mark = address.name.find('?') == std::string::npos ? '?' : '&';
  return address.name + mark + "token=" + std::string(token);
}

std::int64_t millis_of(std::int64_t ticks, const media::Track& track) {
  return mul_div(ticks, 1000, track.timescale);
}

constexpr double kFlvH264 = 7, kFlvAac = 10;

Amf0Value metadata_of(const std::vector<media::Track>& tracks) {
  Amf0Value metadata;
  metadata.kind = Amf0Value::Kind::EcmaArray;
  const auto add = [&metadata](const char* name, double value) {
    if (value > 0) metadata.members.push_back({name, value});
  };
  for (const media::Track& track : tracks) {
    const bool video = track.id == media::kVideoTrack;
    add(video ? "videocodecid" : "audiocodecid", video ? kFlvH264 : kFlvAac);
    add(video ? "videodatarate" : "audiodatarate", track.bitrate / 1000.0);
    add("width", track.width);
    add("height", track.height);
    if (track.frame_rate.num > 0) {
      add("framerate", static_cast<double>(track.frame_rate.num) / track.frame_rate.den);
    }
    add("audiosamplerate", track.sample_rate);
    add("audiochannels", track.channels);
  }
  return metadata;
}

}  // namespace

RtmpUplink::RtmpUplink(net::Loop& loop, const Clock& clock, Random& random,
                       const RtmpAddress& address, std::string_view token, UplinkTotals& totals,
                       UplinkListener& listener, Failed failed)
    : loop_(loop),
      clock_(clock),
      address_(address),
      totals_(totals),
      listener_(listener),
      failed_(std::move(failed)),
      session_(random, {address.app, address.connection_url(), name_with(address, token)}, *this) {}

RtmpUplink::~RtmpUplink() {
  if (transport_) transport_->detach();
}

void RtmpUplink::connect(const net::ClientOptions& options) {
  net::Url url;
  url.scheme = address_.secure ? "wss" : "ws";  // what the dialer asks is whether it is secure
  url.host = address_.host;
  url.port = address_.port;
  timer_ = loop_.after(options.timeout * 2, [this] { gone(0, "it does not answer"); });
  dialing_ =
      net::dial(loop_, url, options, [this](Expected<std::shared_ptr<net::Transport>> dialed) {
        const auto self = shared_from_this();
        if (!dialed) return gone(0, dialed.error().sentence);
        transport_ = std::move(*dialed);
        transport_->start(*this);
        flush();
      });
}

void RtmpUplink::on_received(ByteView bytes) {
  const auto self = shared_from_this();
  session_.take(bytes);
  flush();
  if (session_.over()) gone(0, session_.why());
  if (leaving_) gone(1000, "");  // the server has taken note
}

void RtmpUplink::on_publishing() {
  timer_.reset();
  published_ = true;
  policy_.wait_for_key_frame();
  if (!tracks_.empty()) send_configurations();
  listener_.on_connected();
  listener_.on_key_frame_wanted();
}

void RtmpUplink::on_refused(std::string_view code, std::string_view) { refused_code_ = code; }

void RtmpUplink::set_tracks(const std::vector<media::Track>& tracks) {
  const bool same = std::ranges::equal(tracks_, tracks, media::same_decoding);
  tracks_ = tracks;
  if (open() && !same) send_configurations();
}

void RtmpUplink::send_configurations() {
  const std::int64_t now = 0;
  session_.send_metadata(metadata_of(tracks_));
  for (const media::Track& track : tracks_) {
    using media::FlvPart;
    if (track.id == media::kVideoTrack) {
      session_.send(MessageType::Video, now,
                    media::flv_video({FlvPart::Config, true, 0, track.config}));
      policy_.wait_for_key_frame();
    } else {
      session_.send(MessageType::Audio, now, media::flv_audio({FlvPart::Config, track.config}));
    }
  }
  flush();
}

const media::Track* RtmpUplink::find_track(media::TrackId id) const {
  const auto found = std::ranges::find(tracks_, id, &media::Track::id);
  return found == tracks_.end() ? nullptr : &*found;
}

void RtmpUplink::send_frame(media::Frame frame) {
  const media::Track* track = find_track(frame.track);
  if (!open() || track == nullptr) return;
  const bool video = frame.track == media::kVideoTrack;
  const auto kind = !video      ? DropPolicy::Kind::Sound
                    : frame.key ? DropPolicy::Kind::KeyFrame
                                : DropPolicy::Kind::Frame;
  if (policy_.judge(kind, unsent()) == DropPolicy::Verdict::Drop) {
    if (video) ++totals_.dropped;
    return;
  }
  if (video && frame.captured != Utc{} && !media::find_capture(frame.data)) {
    if (auto stamped = media::with_capture_sei(frame.data, frame.captured)) frame.data = *stamped;
  }
  const std::int64_t millis = millis_of(frame.dts, *track);
  if (!base_millis_) base_millis_ = millis;
  const std::int64_t time = std::max<std::int64_t>(0, millis - *base_millis_);
  const auto composition = static_cast<std::int32_t>(millis_of(frame.pts, *track) - millis);
  Bytes body = video ? media::flv_video({media::FlvPart::Unit, frame.key, composition, frame.data})
                     : media::flv_audio({media::FlvPart::Unit, frame.data});
  ++(video ? totals_.frames : totals_.sounds);
  totals_.bytes += body.size();
  policy_.sent(body.size(), clock_.steady());
  session_.send(video ? MessageType::Video : MessageType::Audio, time, std::move(body));
  flush();
}

void RtmpUplink::flush() {
  if (!transport_) return;
  const auto output = session_.take_output();
  if (!output.empty()) transport_->send(output);
}

void RtmpUplink::on_drained() {
  if (open() && policy_.waiting()) listener_.on_key_frame_wanted();
}

void RtmpUplink::on_ended(net::End) {
  const auto self = shared_from_this();
  gone(1006, transport_->failure().empty() ? "the server closed" : transport_->failure());
}

void RtmpUplink::close(std::string_view reason) {
  leaving_ = true;
  session_.leave();
  flush();
  timer_ = loop_.after(rtmp::kGoodbyeTime, [this, why = std::string(reason)] { gone(1000, why); });
}

void RtmpUplink::gone(std::uint16_t code, const std::string& reason) {
  if (std::exchange(gone_, true)) return;
  const auto self = shared_from_this();
  timer_.reset();
  dialing_.reset();
  if (transport_) transport_->finish();
  if (!published_) {
    const int status = refused_code_.empty()             ? 0
                       : refused_code_ == rtmp::kDenied  ? 403
                       : refused_code_ == rtmp::kBadName ? 409
                       : refused_code_ == rtmp::kFailed  ? 503
                                                         : 400;
    return failed_({status, reason});
  }
  if (refused_code_ == rtmp::kBadName) code = 4409;
  if (refused_code_ == rtmp::kDenied) code = 4403;
  if (refused_code_ == "NetConnection.Connect.AppShutdown") code = 1001;
  listener_.on_disconnected(code == 0 ? 1006 : code, reason);
}

}  // namespace butai::client
