#include "net/websocket_upgrade.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "net/text.h"

namespace butai::net {

namespace {

bool any_field_lists(const Headers& headers, std::string_view name, std::string_view member) {
  return std::ranges::any_of(headers.all(), [&](const auto& field) {
    return equal_without_case(field.first, name) && list_has(field.second, member);
  });
}

}  // namespace

bool wants_websocket(const MessageHead& head) {
  return any_field_lists(head.headers, "Upgrade", "websocket") &&
         any_field_lists(head.headers, "Connection", "upgrade");
}

std::optional<Response> refuse_handshake(const MessageHead& head) {
  if (head.method != "GET" || head.version < 11) {
    return Response::problem(400, "a WebSocket is opened with GET over HTTP/1.1");
  }
  if (head.chunked || head.length.value_or(0) > 0) {
    return Response::problem(400, "a WebSocket handshake has no body");
  }
  if (head.headers.find("Sec-WebSocket-Version") != "13") {
    Response response = Response::problem(426, "the only WebSocket version spoken here is 13");
    response.headers.add("Sec-WebSocket-Version", "13");
    response.headers.add("Upgrade", "websocket");
    return response;
  }
  const auto keys = std::ranges::count_if(head.headers.all(), [](const auto& field) {
    return equal_without_case(field.first, "Sec-WebSocket-Key");
  });
  const auto key = head.headers.find("Sec-WebSocket-Key");
  const auto decoded = key ? base64_decoded(*key) : std::nullopt;
  if (keys != 1 || !decoded || decoded->size() != 16) {
    return Response::problem(400, "Sec-WebSocket-Key must be 16 bytes in base64, once");
  }
  return std::nullopt;
}

Headers accept_handshake(const Headers& request, const std::vector<std::string>& offered) {
  Headers headers;
  headers.add("Upgrade", "websocket");
  headers.add("Connection", "Upgrade");
  headers.add("Sec-WebSocket-Accept", accept_key(request.find("Sec-WebSocket-Key").value_or("")));
  for (const std::string& subprotocol : offered) {
    const bool named = std::ranges::any_of(request.all(), [&](const auto& field) {
      if (!equal_without_case(field.first, "Sec-WebSocket-Protocol")) return false;
      return std::ranges::count(list_members(field.second), subprotocol) > 0;
    });
    if (!named) continue;
    headers.add("Sec-WebSocket-Protocol", subprotocol);
    break;
  }
  return headers;
}

std::string accept_key(std::string_view key) {
  const std::string joined = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::uint8_t, 20> digest{};
  EVP_Digest(joined.data(), joined.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return base64(digest);
}

}  // namespace butai::net
