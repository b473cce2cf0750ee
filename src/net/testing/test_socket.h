// A WebSocketHandler that a test steers from its own thread: it can wait for what happened and send.
// Thread: callbacks on the loop; every public function on the test's thread, each wait at most 5 s.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "net/client.h"
#include "net/loop.h"
#include "net/websocket.h"

namespace butai::net::testing {

// What both sides of the thread border share; outlives the handler.
class TestSocket {
 public:
  struct Event {
    std::string kind;  // open, text, binary, drained, close, failed
    std::string text;  // the message, the reason or the sentence
    int code = 0;      // close code or status
  };

  // Opens a socket; the first event is "open" or "failed".
  static std::shared_ptr<TestSocket> connect(Loop& loop, const std::string& url,
                                             const ClientOptions& options = {}) {
    WebSocketLimits limits;
    limits.message_bytes_max = 64 * 1024 * 1024;
    const auto socket = std::make_shared<TestSocket>(loop);
    connect_websocket(loop, url, options, limits, std::make_unique<Handler>(socket),
                      [socket](const ConnectFailure& failure) {
                        socket->add({"failed", failure.sentence, failure.status});
                      });
    return socket;
  }
  explicit TestSocket(Loop& loop) : loop_(loop) {}

  // The next event, or nothing after 5 s.
  std::optional<Event> next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, Seconds{5}, [this] { return !events_.empty(); }))
      return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  // Runs on the loop, if the socket is open then.
  void with_socket(std::function<void(WebSocket&)> task) {
    loop_.post([this, task = std::move(task)] {
      if (socket_ != nullptr) task(*socket_);
    });
  }
  void send_text(std::string text) {
    with_socket([text = std::move(text)](WebSocket& socket) { socket.send_text(text); });
  }
  void send_binary(Bytes bytes) {
    with_socket([bytes = std::move(bytes)](WebSocket& socket) { socket.send_binary({bytes}); });
  }
  void close(std::uint16_t code, std::string reason) {
    with_socket(
        [code, reason = std::move(reason)](WebSocket& socket) { socket.close(code, reason); });
  }

  class Handler final : public WebSocketHandler {
   public:
    explicit Handler(std::shared_ptr<TestSocket> owner) : owner_(std::move(owner)) {}
    void on_open(WebSocket& socket) override {
      owner_->socket_ = &socket;
      owner_->add({"open", "", 0});
    }
    void on_text(std::string_view text) override { owner_->add({"text", std::string(text), 0}); }
    void on_binary(Bytes message) override {
      owner_->add({"binary", std::string(message.text()), 0});
    }
    void on_close(std::uint16_t code, std::string_view reason) override {
      owner_->socket_ = nullptr;
      owner_->add({"close", std::string(reason), code});
    }

   private:
    std::shared_ptr<TestSocket> owner_;
  };

 private:
  void add(Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }

  Loop& loop_;
  WebSocket* socket_ = nullptr;  // loop's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
};

}  // namespace butai::net::testing
