// A route is a value: method, path, policy, handler. There is no route without a policy; the table
// is what openapi.json, the tests of who-may-what and the router read.
// Thread: tables are built at start by app/ and read by every loop; handlers run on the loop of
//         their connection.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/http.h"
#include "net/websocket.h"

namespace butai::net {

// Who may call. The Guard (access/) turns each into a yes or a sentence.
enum class Who : std::uint8_t {
  Anyone,     // no question asked
  Bearer,     // any valid token of ours
  Viewer,     // may view {channel}: bearer scope, signed path, or a public channel
  Publisher,  // may publish ?channel= (default main)
  Control,    // scope control or admin
  Admin,      // scope admin
};

// What a refused WebSocket may still do: give its token as the first text message within 3 s.
enum class LateToken : std::uint8_t { No, Allowed };

enum class RateClass : std::uint8_t { None, Login, Write };  // Login: few per minute and address

enum class Cache : std::uint8_t {
  NoStore,     // Cache-Control: no-store
  Revalidate,  // no-cache: kept, asked about each time
  Playlist,    // set by the handler: follows the playlist
  Immutable,   // public, max-age=31536000, immutable
};

enum class Csrf : std::uint8_t { NotNeeded, SameOrigin };  // SameOrigin: cookie-bearing writes

struct Policy {
  Who who = Who::Admin;
  LateToken late_token = LateToken::No;
  RateClass rate = RateClass::None;
  Cache cache = Cache::NoStore;
  Csrf csrf = Csrf::NotNeeded;
  bool rests = false;  // while the panic switch is on: nothing that watching needs
  bool cors = false;   // Access-Control-Allow-Origin: * (never with credentials)
  std::size_t body_bytes_max = 64 * 1024;
};

// Documentation of a route for openapi.json; pages leave it empty and are not listed.
struct RouteDoc {
  std::string summary;
  std::string request_schema;   // JSON text of an OpenAPI schema object, or empty
  std::string response_schema;  // likewise
};

using HttpHandler = std::function<void(const Request&, ExchangePtr)>;
// Makes the handler of one socket, or refuses before the upgrade.
using WebSocketAccept =
    std::function<std::expected<std::unique_ptr<WebSocketHandler>, Response>(const Request&)>;

struct WebSocketRoute {
  WebSocketAccept accept;
  WebSocketLimits limits;
  std::vector<std::string> subprotocols;  // offered back when asked for, e.g. "butai.v1"
};

struct Route {
  Method method = Method::Get;
  // "/live/{channel}/ws"; {name} is one path component of [A-Za-z0-9._-]; a last {name*} takes the rest.
  std::string pattern;
  Policy policy;
  std::variant<HttpHandler, WebSocketRoute> handler;
  RouteDoc doc;
};

// Answers "may this request?"; access/ implements it, app/ hands it to the server.
class Guard {
 public:
  virtual ~Guard() = default;
  // The principal, or the answer to send instead (401 with WWW-Authenticate, 403, 404, 503).
  // With no credential at all on a route whose late_token is Allowed: a nobody principal.
  virtual std::expected<Principal, Response> admit(const Policy& policy,
                                                   const Request& request) = 0;
};

}  // namespace butai::net
