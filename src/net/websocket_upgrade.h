// The opening handshake, both sides, as pure functions.
// Spec: RFC 6455 section 4; HTTP/1.1 only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http1_codec.h"

namespace butai::net {

// Does the request want an upgrade to WebSocket at all (Upgrade and Connection say so)?
bool wants_websocket(const MessageHead& head);

// The answer that refuses a malformed handshake (400, 426), or nothing.
std::optional<Response> refuse_handshake(const MessageHead& head);

// Fields of the 101. `offered` are the route's subprotocols: the first that the client names too is
// echoed, and nothing else ever (a token may stand beside it).
Headers accept_handshake(const Headers& request, const std::vector<std::string>& offered);

// base64(SHA-1(key + the GUID of section 1.3))
std::string accept_key(std::string_view key);

}  // namespace butai::net
