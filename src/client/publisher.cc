#include "client/publisher.h"

#include <fmt/format.h>

#include <utility>

#include "client/limits.h"
#include "client/link_handler.h"
#include "client/rtmp_uplink.h"
#include "client/uplink.h"
#include "net/client.h"

namespace butai::client {

Publisher::Publisher(net::Loop& loop, const Clock& clock, Random& random, PublishOptions options,
                     PublishTarget target, StatusLine& status, std::function<void(int)> over)
    : loop_(loop),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      target_(std::move(target)),
      status_(status),
      over_(std::move(over)),
      token_(options_.token, options_.token_file),
      backoff_(random) {}

Publisher::~Publisher() = default;

void Publisher::start() {
  if (target_.exposed && !token_.token().empty()) {
    status_.say("the token and the picture travel unprotected; use wss:// where you can");
  }
  watch_token();
  connect();
}

void Publisher::connect() {
  token_.refresh();
  net::ClientOptions options;
  options.ca_file = options_.ca_file;
  options.pin = options_.pin;
  options.timeout = kConnectTime;
  target_.rtmp ? connect_rtmp(options) : connect_websocket(options);
}

void Publisher::connect_rtmp(const net::ClientOptions& options) {
  auto uplink = std::make_shared<RtmpUplink>(
      loop_, clock_, random_, *target_.rtmp, token_.token(), totals_, *this,
      [this](const net::ConnectFailure& failure) {
        // Not from inside its own call.
        retry_ = loop_.after(Micros{0}, [this, failure] {
          uplink_.reset();
          decide(judge_refusal(Part::Publisher, target_.channel, failure.status, failure.sentence));
        });
      });
  uplink->set_tracks(tracks_);
  uplink_ = uplink;
  uplink->connect(options);
}

void Publisher::connect_websocket(net::ClientOptions options) {
  options.headers = token_.headers();
  auto uplink = std::make_shared<Uplink>(clock_, totals_, *this);
  uplink->set_tracks(tracks_);
  uplink_ = uplink;
  net::connect_websocket(
      loop_, target_.url, options, net::WebSocketLimits{.message_bytes_max = kMessageBytesMax},
      std::make_unique<LinkHandler>(uplink),
      [this, weak = std::weak_ptr(uplink)](const net::ConnectFailure& failure) {
        if (weak.expired()) return;
        uplink_.reset();
        decide(judge_refusal(Part::Publisher, target_.channel, failure.status, failure.sentence));
      });
}

void Publisher::on_connected() {
  ++connections_;
  connected_at_ = clock_.steady();
  status_.say(connections_ == 1 ? fmt::format("sending {} to {}", options_.source, target_.url)
                                : "connected again");
  if (!line_) start_source();
  if (!status_timer_) {
    shown_at_ = connected_at_;
    status_timer_ = loop_.after(status_.interval(), [this] { show_status(); });
  }
}

void Publisher::start_source() {
  worker::LineOptions options;
  options.executable = options_.worker.empty() ? worker_beside() : options_.worker;
  options.job = worker::Job::Capture;
  options.encoding.frames_per_second_max = options_.frames_per_second;
  options.encoding.video_bitrate = options_.video_bitrate;
  options.capture = {.source = options_.source,
                     .format = options_.format,
                     .width = options_.width,
                     .height = options_.height,
                     .frames_per_second = options_.frames_per_second,
                     .loop = options_.loop};
  options.label = options_.source;
  line_ = std::make_unique<worker::Line>(loop_, clock_, std::move(options), *this);
}

void Publisher::on_disconnected(std::uint16_t code, std::string_view reason) {
  uplink_.reset();
  if (ending_) return finish(0);
  if (clock_.steady() - connected_at_ > kSettledAfter) backoff_.reset();
  // An expired token is no reason to stop when the file has a new one.
  if (code == 4401 && token_.refresh()) return decide({Next::Retry, "the token was renewed"});
  decide(judge_close(Part::Publisher, target_.channel, code, reason));
}

void Publisher::decide(const Verdict& verdict) {
  if (ending_) return finish(0);
  switch (verdict.next) {
    case Next::Retry: {
      const Millis wait = backoff_.next();
      status_.say(verdict.sentence + "; trying again");
      retry_ = loop_.after(wait, [this] { connect(); });
      return;
    }
    case Next::GiveUp:
      status_.say(verdict.sentence);
      return finish(1);
    case Next::Ended:
      status_.say(verdict.sentence);
      return finish(totals_.frames > 0 ? 0 : 1);
  }
}

void Publisher::on_tracks(const std::vector<media::Track>& tracks) {
  tracks_ = tracks;
  // What was said before was no reason to give up.
  if (!complaint_.empty() && !media_seen_) {
    status_.say(fmt::format("{}: {}", options_.source, complaint_));
  }
  complaint_.clear();
  if (uplink_) uplink_->set_tracks(tracks);
}

void Publisher::on_frame(media::Frame frame) {
  media_seen_ = true;
  if (uplink_ && uplink_->open()) return uplink_->send_frame(std::move(frame));
  if (frame.track == media::kVideoTrack) ++totals_.dropped;
}

void Publisher::on_picture(media::Picture picture) {
  media_seen_ = true;
  const Utc captured = picture.captured != Utc{} ? picture.captured : clock_.utc();
  if (uplink_ && uplink_->open()) return uplink_->send_picture(picture.jpeg, captured);
  ++totals_.dropped;
}

void Publisher::on_loss(const std::string& reason) {
  const std::string& why = complaint_.empty() ? reason : complaint_;
  if (media_seen_)
    return status_.say(fmt::format("{}: {}; starting it again", options_.source, why));
  status_.say(fmt::format("{} cannot be sent: {}", options_.source, why));
  finish(1);
}

void Publisher::on_complaint(const std::string& sentence) {
  complaint_ = sentence;
  if (media_seen_) status_.say(fmt::format("{}: {}", options_.source, sentence));
}

void Publisher::on_end() {
  status_.say(fmt::format("{} has ended", options_.source));
  stop();
}

void Publisher::on_key_frame_wanted() {
  if (line_) line_->ask_key_frame();
}

void Publisher::on_told(std::string_view sentence) {
  status_.say(fmt::format("the server says: {}", sentence));
}

void Publisher::stop() {
  if (std::exchange(ending_, true)) return;
  retry_.reset();
  flush_ends_ = clock_.steady() + kFlushMax;
  // Not from inside the Line's own call: it may be what is ending.
  flush_ = loop_.after(Micros{0}, [this] { flush(); });
}

void Publisher::flush() {
  line_.reset();
  if (!uplink_ || !uplink_->open()) return finish(0);
  const bool done = uplink_->unsent() == 0 || clock_.steady() >= flush_ends_;
  if (done) return uplink_->close("the source has ended");  // on_disconnected follows within 2 s
  flush_ = loop_.after(Millis{20}, [this] { flush(); });
}

void Publisher::watch_token() {
  token_timer_ = loop_.after(kTokenFileCheck, [this] {
    if (token_.refresh() && uplink_) uplink_->renew(token_.token());
    watch_token();
  });
}

void Publisher::show_status() {
  const Steady now = clock_.steady();
  const double seconds = std::chrono::duration<double>(now - std::exchange(shown_at_, now)).count();
  const auto rate = [seconds](std::uint64_t& before, std::uint64_t now_at) {
    return static_cast<double>(now_at - std::exchange(before, now_at)) / seconds;
  };
  const double frames = rate(shown_frames_, totals_.frames);
  const double bytes = rate(shown_bytes_, totals_.bytes);
  status_.show(fmt::format(
      "{}, {:.1f} frames/s, {:.0f} kbit/s, dropped {}, reconnects {}, round trip {:.1f} ms",
      uplink_ && uplink_->open() ? "live" : "not connected", frames, bytes * 8 / 1000,
      totals_.dropped, connections_ - 1, static_cast<double>(totals_.round_trip.count()) / 1000));
  status_timer_ = loop_.after(status_.interval(), [this] { show_status(); });
}

void Publisher::finish(int status) {
  retry_.reset();
  status_timer_.reset();
  token_timer_.reset();
  if (over_) std::exchange(over_, nullptr)(status);
}

}  // namespace butai::client
