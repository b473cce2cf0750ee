// Outgoing connections of `butai publish`, `butai watch` and `butai bench`: WebSocket and plain
// HTTP requests, over TCP or TLS, verified by the system's CAs, a given CA, or a pinned certificate.
// Thread: everything on the loop that was given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/problem.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/websocket.h"

namespace butai::net {

struct ClientOptions {
  std::string ca_file;     // PEM; empty: the system's
  std::string pin;         // SHA-256 of the server's DER certificate, hex; replaces the CA check
  Millis timeout{10'000};  // to connect, handshake and get the answer's head
  Headers headers;         // e.g. Authorization
  std::vector<std::string> subprotocols;
};

// Answer to a refused upgrade or a failed connect: status 0 when there was no HTTP answer.
struct ConnectFailure {
  int status = 0;
  std::string sentence;
};

// Opens ws:// or wss://. Exactly one of: handler->on_open, or `failed`. The handler is kept until
// after on_close.
void connect_websocket(Loop& loop, const std::string& url, const ClientOptions& options,
                       const WebSocketLimits& limits, std::unique_ptr<WebSocketHandler> handler,
                       std::function<void(ConnectFailure)> failed);

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};
// One request on a connection of its own; answers up to 8 MiB.
void fetch(Loop& loop, Method method, const std::string& url, const ClientOptions& options,
           const std::string& body, std::function<void(Expected<ClientResponse>)> done);

}  // namespace butai::net
