#include "load/target.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

#include "net/url.h"

namespace butai::load {
namespace {

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family != AF_INET) return false;
  sockaddr_in ip4{};
  std::memcpy(&ip4, &address, sizeof ip4);
  return ntohl(ip4.sin_addr.s_addr) >> 24 == 127;
}

std::string authorization(std::string_view token) {
  return token.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", token);
}

}  // namespace

Expected<Target> find_target(std::string_view text) {
  const auto url = net::Url::parse(text);
  if (!url) return problem(fmt::format("{} is no ws, wss, http or https address", text));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(url->host.c_str(), std::to_string(url->port).c_str(), &hints, &found);
  if (failed != 0) return problem(fmt::format("{}: {}", url->host, gai_strerror(failed)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  Target target;
  target.secure = url->secure();
  target.authority = url->authority();
  target.path = url->target;
  target.port = url->port;
  std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
  target.address_size = found->ai_addrlen;
  target.loopback = is_loopback(target.address);
  return target;
}

std::string get_request(const Target& target, std::string_view path, std::string_view token) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", path, target.authority,
                     authorization(token));
}

std::string upgrade_request(const Target& target, std::string_view token) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\n{}Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      target.path, target.authority, authorization(token));
}

}  // namespace butai::load
