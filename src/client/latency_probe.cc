#include "client/latency_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "client/downlink.h"
#include "client/echo_probe.h"
#include "client/endpoint.h"
#include "client/limits.h"
#include "client/link_handler.h"
#include "client/probe_report.h"
#include "client/publish.h"
#include "client/recording.h"
#include "client/token_source.h"
#include "client/uplink.h"
#include "net/client.h"
#include "net/loop.h"

namespace butai::client {
namespace {

bool sends_pictures(Probe probe) { return probe == Probe::JpegToJpeg || probe == Probe::JpegToWs; }

// Record, publish, watch, print; each step starts the next one.
class LatencyProbe final : public UplinkListener {
 public:
  LatencyProbe(net::Loop& loop, const Clock& clock, ProbeOptions options, ProbeReport& report)
      : loop_(loop),
        clock_(clock),
        options_(std::move(options)),
        report_(report),
        token_(options_.token, "") {}

  void start() {
    set_up_timer_ = loop_.after(kProbeSetUp, [this] { report_.fail("no frame came in 15 s"); });
    worker::LineOptions line;
    line.executable = options_.worker.empty() ? worker_beside() : options_.worker;
    line.job = worker::Job::Capture;
    line.encoding.frames_per_second_max = options_.frames_per_second;
    line.capture = {.source = "test",
                    .format = sends_pictures(options_.probe) ? worker::Capture::Format::Jpeg
                                                             : worker::Capture::Format::H264,
                    .width = options_.width,
                    .height = options_.height,
                    .frames_per_second = options_.frames_per_second};
    line.label = "probe";
    recording_ = std::make_unique<Recording>(loop_, clock_, std::move(line),
                                             [this](const Expected<void>& recorded) {
                                               if (!recorded)
                                                 return report_.fail(recorded.error().sentence);
                                               publish();
                                             });
  }

 private:
  net::ClientOptions client_options() const {
    net::ClientOptions client;
    client.pin = options_.pin;
    client.ca_file = options_.ca_file;
    client.headers = token_.headers();
    return client;
  }

  void publish() {
    uplink_ = std::make_shared<Uplink>(clock_, totals_, *this);
    uplink_->set_tracks(recording_->tracks());
    net::connect_websocket(
        loop_, options_.publish_url, client_options(), {}, std::make_unique<LinkHandler>(uplink_),
        [this](const net::ConnectFailure& failure) { report_.fail(failure.sentence); });
  }

  void on_connected() override {
    next_at_ = clock_.steady();
    send_next();
    watch_timer_ = loop_.after(kProbeWarmUp, [this] { watch(); });
  }
  void on_key_frame_wanted() override { recording_->restart(); }
  void on_told(std::string_view sentence) override { report_.fail(sentence); }
  void on_disconnected(std::uint16_t code, std::string_view reason) override {
    report_.fail(fmt::format("the publisher was closed: {} {}", code, reason));
  }

  void send_next() {
    if (counting_) ++sent_;
    if (sends_pictures(options_.probe)) {
      // Pictures of the recording may be stamped; the time of this call goes in front.
      uplink_->send_picture(recording_->next_picture(), clock_.utc());
    } else {
      uplink_->send_frame(recording_->next_frame(clock_.utc()));
    }
    next_at_ += Micros{1'000'000 / options_.frames_per_second};
    const auto wait = std::chrono::duration_cast<Micros>(next_at_ - clock_.steady());
    send_timer_ = loop_.after(std::max(wait, Micros{0}), [this] { send_next(); });
  }

  void watch() {
    Downlink::Hooks hooks;
    hooks.first_frame = [this] { seen_first_frame(); };
    hooks.ended = [this](const Ending& ending) { watching_ended(ending); };
    const bool pictures = options_.probe == Probe::JpegToJpeg;
    downlink_ = std::make_shared<Downlink>(clock_, pictures ? ViewFormat::Jpeg : ViewFormat::Cmaf,
                                           clock_.steady(), seen_, std::move(hooks));
    net::connect_websocket(
        loop_, options_.watch_url, client_options(),
        net::WebSocketLimits{.message_bytes_max = kMessageBytesMax},
        std::make_unique<LinkHandler>(downlink_),
        [this](const net::ConnectFailure& failure) { report_.fail(failure.sentence); });
  }

  void seen_first_frame() {
    set_up_timer_.reset();
    if (options_.probe == Probe::FirstFrame) return next_viewer();
    count_timer_ = loop_.after(kProbeWarmUp, [this] {
      counting_ = true;
      seen_.latency = {};
      count_timer_ = loop_.after(Seconds{options_.seconds}, [this] {
        counting_ = false;
        send_timer_.reset();
        count_timer_ = loop_.after(kProbeTail, [this] { finish(); });
      });
    });
  }

  void finish() {
    // Frames of the warm-up that were under way when counting began are counted too.
    const std::uint64_t lost = sent_ - std::min(sent_, seen_.latency.count());
    report_.print(seen_.latency,
                  fmt::format(R"(,"lost":{},"dropped":{},"gaps":{},"message_bytes":{},)"
                              R"("frames_per_second":{})",
                              lost, totals_.dropped, seen_.gaps + seen_.jumps,
                              totals_.bytes / std::max<std::uint64_t>(totals_.frames, 1),
                              options_.frames_per_second));
  }

  void next_viewer() {
    first_frames_.add(seen_.first_frame);
    connects_.add(seen_.connect);
    if (!first_viewer_at_) first_viewer_at_ = clock_.steady();
    if (clock_.steady() - *first_viewer_at_ > Seconds{options_.seconds}) {
      return report_.print(first_frames_, fmt::format(R"(,"connect_p50_ms":{:.3f})",
                                                      millis_of(connects_.quantile(0.5))));
    }
    downlink_->close("next");
  }

  void watching_ended(const Ending& ending) {
    if (options_.probe != Probe::FirstFrame || ending.code != 1000) {
      return report_.fail(fmt::format("the viewer was closed: {} {}", ending.code, ending.reason));
    }
    seen_ = Seen{};
    // Viewers come at any time of the key frame interval.
    watch_timer_ = loop_.after(Millis{37}, [this] { watch(); });
  }

  net::Loop& loop_;
  const Clock& clock_;
  const ProbeOptions options_;
  ProbeReport& report_;
  const TokenSource token_;
  std::unique_ptr<Recording> recording_;
  UplinkTotals totals_;
  Seen seen_;
  LatencyFigures first_frames_, connects_;
  std::shared_ptr<Uplink> uplink_;
  std::shared_ptr<Downlink> downlink_;
  TimerHandle set_up_timer_, send_timer_, watch_timer_, count_timer_;
  Steady next_at_{};
  std::optional<Steady> first_viewer_at_;
  std::uint64_t sent_ = 0;
  bool counting_ = false;
};

std::string_view name_of(Probe probe) {
  switch (probe) {
    case Probe::JpegToJpeg:
      return "jpeg-jpeg";
    case Probe::H264ToWs:
      return "h264-ws";
    case Probe::JpegToWs:
      return "jpeg-ws";
    case Probe::Echo:
      return "echo";
    case Probe::FirstFrame:
      return "first-frame";
  }
  return "";
}

}  // namespace

int bench_latency(const ProbeOptions& given) {
  ProbeOptions options = given;
  if (options.seconds == 0 || options.frames_per_second == 0) return 2;
  auto publish_to = publish_target(options.publish_url);
  if (!publish_to) {
    fmt::print(stderr, "{}\n", publish_to.error().sentence);
    return 2;
  }
  options.publish_url = std::move(publish_to->url);
  if (options.probe != Probe::Echo) {
    const bool pictures = options.probe == Probe::JpegToJpeg;
    auto target =
        watch_target(options.watch_url, "", pictures ? ViewFormat::Jpeg : ViewFormat::Cmaf);
    if (!target || target->socket_url.empty()) {
      fmt::print(stderr, "{}\n",
                 target ? "the probe watches a ws:// or wss:// address" : target.error().sentence);
      return 2;
    }
    options.watch_url = target->socket_url;
  }
  net::Loop loop(0);
  const SystemClock clock;
  ProbeReport report(loop, name_of(options.probe));
  if (options.probe == Probe::Echo) {
    EchoProbe probe(loop, clock, options, report);
    loop.post([&probe] { probe.start(); });
    loop.run();
  } else {
    LatencyProbe probe(loop, clock, options, report);
    loop.post([&probe] { probe.start(); });
    loop.run();
  }
  return report.exit_status();
}

}  // namespace butai::client
