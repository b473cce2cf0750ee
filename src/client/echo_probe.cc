#include "client/echo_probe.h"

#include <fmt/format.h>

#include <utility>

#include "client/limits.h"
#include "client/link_handler.h"
#include "client/publish.h"
#include "net/client.h"

namespace butai::client {

class EchoProbe::Session final : public net::WebSocketHandler {
 public:
  Session(const Clock& clock, Bytes message, Seconds lasts, ProbeReport& report)
      : clock_(clock), message_(std::move(message)), lasts_(lasts), report_(report) {}

  void on_open(net::WebSocket& socket) override {
    socket_ = &socket;
    began_ = clock_.steady();
    send();
  }
  void on_text(std::string_view text) override {
    if (text.find(R"("error")") != std::string_view::npos) report_.fail(text);
  }
  void on_binary(Bytes message) override {
    const Steady now = clock_.steady();
    if (message.size() != message_.size())
      return report_.fail("what came back is not what was sent");
    if (now - began_ > kProbeWarmUp) {
      figures_.add(std::chrono::duration_cast<Micros>(now - sent_at_));
    }
    if (now - began_ <= kProbeWarmUp + lasts_) return send();
    timer_.reset();
    const double seconds = std::chrono::duration<double>(now - began_ - kProbeWarmUp).count();
    report_.print(
        figures_,
        fmt::format(R"(,"round_trips_per_second":{:.0f},"message_bytes":{},"lost":{})",
                    static_cast<double>(figures_.count()) / seconds, message_.size(), lost_));
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    report_.fail(fmt::format("closed: {} {}", code, reason));
  }

 private:
  void send() {
    timer_ = socket_->loop().after(kEchoTimeout, [this] {
      if (++lost_ > 10) return report_.fail("this server does not send back what it gets");
      send();
    });
    sent_at_ = clock_.steady();
    socket_->send_binary({message_});
  }

  const Clock& clock_;
  const Bytes message_;
  const Seconds lasts_;
  ProbeReport& report_;
  LatencyFigures figures_;
  net::WebSocket* socket_ = nullptr;
  TimerHandle timer_;
  Steady began_{}, sent_at_{};
  std::uint64_t lost_ = 0;
};

EchoProbe::EchoProbe(net::Loop& loop, const Clock& clock, ProbeOptions options, ProbeReport& report)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      report_(report),
      token_(options_.token, "") {}

EchoProbe::~EchoProbe() = default;

void EchoProbe::start() {
  worker::LineOptions line;
  line.executable = options_.worker.empty() ? worker_beside() : options_.worker;
  line.job = worker::Job::Capture;
  line.capture = {.source = "test",
                  .format = worker::Capture::Format::Jpeg,
                  .width = options_.width,
                  .height = options_.height,
                  .frames_per_second = options_.frames_per_second};
  line.label = "probe";
  recording_ = std::make_unique<Recording>(loop_, clock_, std::move(line),
                                           [this](const Expected<void>& recorded) {
                                             if (!recorded)
                                               return report_.fail(recorded.error().sentence);
                                             connect();
                                           });
}

void EchoProbe::connect() {
  session_ = std::make_shared<Session>(clock_, recording_->next_picture(),
                                       Seconds{options_.seconds}, report_);
  net::ClientOptions client;
  client.pin = options_.pin;
  client.ca_file = options_.ca_file;
  client.headers = token_.headers();
  net::connect_websocket(
      loop_, options_.publish_url, client,
      net::WebSocketLimits{.message_bytes_max = kMessageBytesMax},
      std::make_unique<LinkHandler>(session_),
      [this](const net::ConnectFailure& failure) { report_.fail(failure.sentence); });
}

}  // namespace butai::client
