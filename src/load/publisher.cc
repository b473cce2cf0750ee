#include "load/publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <utility>

#include "load/instrument.h"
#include "media/cmaf_writer.h"
#include "net/websocket.h"

namespace butai::load {

// The sending end; lives until the connection has gone, whoever forgets it first.
class Publisher::Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(Publisher& owner) : owner_(owner), material_(owner.options_.workload) {}

  std::future<Expected<void>> opened() { return opened_.get_future(); }

  void open(net::WebSocket& socket) {
    socket_ = &socket;
    started_us_ = steady_micros();
    started_ = utc_now();
    if (!owner_.options_.jpeg) send(media::write_init(material_.tracks()));
    tell({});
    send_those_due();
  }
  void over(std::string why) {
    socket_ = nullptr;
    timer_.reset();
    {
      const std::lock_guard lock(mutex_);
      if (failure_.empty()) failure_ = why;
    }
    tell(problem(std::move(why)));
  }
  void close() {
    if (socket_ != nullptr) socket_->close(1000, "the measurement is over");
  }
  std::string failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  void tell(Expected<void> result) {
    if (!std::exchange(told_, true)) opened_.set_value(std::move(result));
  }

  void send(const Bytes& message) {
    owner_.sent_bytes_.fetch_add(message.size(), std::memory_order_relaxed);
    socket_->send_binary({message});
  }

  void send_those_due() {
    const Micros elapsed{steady_micros() - started_us_};
    const bool jpeg = owner_.options_.jpeg;
    const Kind kind = jpeg ? Kind::Jpeg : Kind::Picture;
    while (socket_ != nullptr && material_.due(kind, pictures_) <= elapsed) {
      const Utc at = started_ + material_.due(kind, pictures_);
      jpeg ? send(material_.jpeg(pictures_, at)) : send_frame(material_.picture(pictures_, at));
      ++pictures_;
      owner_.newest_us_.store(steady_micros(), std::memory_order_relaxed);
    }
    while (!jpeg && socket_ != nullptr && material_.due(Kind::Sound, sounds_) <= elapsed) {
      send_frame(material_.sound(sounds_, started_ + material_.due(Kind::Sound, sounds_)));
      ++sounds_;
    }
    if (socket_ == nullptr) return;
    Micros next = material_.due(kind, pictures_);
    if (!jpeg) next = std::min(next, material_.due(Kind::Sound, sounds_));
    const Micros wait = next - Micros{steady_micros() - started_us_};
    timer_ = owner_.loop_.after(std::max(wait, Micros{0}), [this] { send_those_due(); });
  }

  void send_frame(const media::Frame& frame) {
    const media::Track& track = material_.tracks()[frame.track == media::kVideoTrack ? 0 : 1];
    send(media::write_chunk(track, {&frame, 1}, ++sequence_));
  }

  Publisher& owner_;
  const Material material_;
  net::WebSocket* socket_ = nullptr;
  std::promise<Expected<void>> opened_;
  bool told_ = false;
  Utc started_{};
  std::int64_t started_us_ = 0;
  std::uint64_t pictures_ = 0, sounds_ = 0;
  std::uint32_t sequence_ = 0;
  TimerHandle timer_;
  mutable std::mutex mutex_;  // of failure_, which the controller's thread reads
  std::string failure_;
};

namespace {

template <class Session>
class Handler final : public net::WebSocketHandler {
 public:
  explicit Handler(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  void on_open(net::WebSocket& socket) override { session_->open(socket); }
  void on_text(std::string_view) override {}
  void on_binary(Bytes) override {}
  void on_close(std::uint16_t code, std::string_view reason) override {
    session_->over(fmt::format("the publisher was closed: {} {}", code, reason));
  }

 private:
  std::shared_ptr<Session> session_;
};

}  // namespace

Publisher::Publisher(PublisherOptions options) : options_(std::move(options)) {}

Publisher::~Publisher() { stop(); }

Expected<void> Publisher::start() {
  session_ = std::make_shared<Session>(*this);
  auto opened = session_->opened();
  thread_ = std::thread([this] {
    become_instrument();
    loop_.post([this] {
      net::connect_websocket(loop_, options_.url, options_.client, {},
                             std::make_unique<Handler<Session>>(session_),
                             [session = session_](const net::ConnectFailure& failed) {
                               session->over(failed.sentence);
                             });
    });
    loop_.run();
  });
  return opened.get();
}

void Publisher::stop() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    session_->close();
    loop_.stop();
  });
  thread_.join();
}

std::string Publisher::failure() const { return session_ ? session_->failure() : ""; }

}  // namespace butai::load
