// Lets the owner of a session forget it while its socket still closes: net/ owns this, and this
// only knows the session weakly.
// Thread: the loop of the connection.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "net/websocket.h"

namespace butai::client {

class LinkHandler final : public net::WebSocketHandler {
 public:
  explicit LinkHandler(std::weak_ptr<net::WebSocketHandler> session)
      : session_(std::move(session)) {}

  void on_open(net::WebSocket& socket) override {
    const auto session = session_.lock();
    session ? session->on_open(socket) : socket.close(1000, "");
  }
  void on_text(std::string_view text) override {
    if (const auto session = session_.lock()) session->on_text(text);
  }
  void on_binary(Bytes message) override {
    if (const auto session = session_.lock()) session->on_binary(std::move(message));
  }
  void on_drained() override {
    if (const auto session = session_.lock()) session->on_drained();
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    if (const auto session = session_.lock()) session->on_close(code, reason);
  }

 private:
  std::weak_ptr<net::WebSocketHandler> session_;
};

}  // namespace butai::client
