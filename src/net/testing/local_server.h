// A real server on a free port of loopback, with its own loops, for tests of routes and sockets.
// Thread: everything here is the test's; handlers run on the server's loops.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "net/server.h"

namespace butai::net::testing {

// Lets everybody in, unless the test says otherwise.
class TestGuard final : public Guard {
 public:
  using Answer = std::function<std::expected<Principal, Response>(const Policy&, const Request&)>;
  explicit TestGuard(Answer answer = {}) : answer_(std::move(answer)) {}
  std::expected<Principal, Response> admit(const Policy& policy, const Request& request) override {
    if (answer_) return answer_(policy, request);
    return Principal{.subject = "test", .scopes = {}, .expires = {}, .play = {}};
  }

 private:
  Answer answer_;
};

class LocalServer {
 public:
  explicit LocalServer(std::vector<Route> routes, ServerOptions options = {},
                       TestGuard guard = TestGuard{}, const TlsFiles* tls = nullptr)
      : guard_(std::move(guard)),
        loops_(2),
        server_(loops_, std::move(routes), guard_, clock_, metrics_, std::move(options)) {
    if (tls != nullptr) {
      if (const auto used = server_.use_certificate(*tls); !used) {
        throw std::runtime_error(used.error().sentence);
      }
    }
    loops_.start();
    const auto port = server_.listen({.host = "127.0.0.1", .port = 0, .tls = tls != nullptr});
    if (!port) throw std::runtime_error(port.error().sentence);
    port_ = *port;
  }

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& scheme, const std::string& target) const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + target;
  }
  Server& server() { return server_; }
  Metrics& metrics() { return metrics_; }
  Loops& loops() { return loops_; }

 private:
  SystemClock clock_;
  Metrics metrics_;
  TestGuard guard_;
  Loops loops_;
  Server server_;
  std::uint16_t port_ = 0;
};

}  // namespace butai::net::testing
