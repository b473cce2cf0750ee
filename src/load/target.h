// The server under load: where it is, and the requests that are put to it.
// Thread: plain values, any.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/problem.h"

namespace butai::load {

struct Target {
  bool secure = false;
  bool loopback = false;  // then each connection has one of kSources source addresses
  std::string authority;  // of the Host field
  std::string path;       // and query
  std::uint16_t port = 0;
  sockaddr_storage address{};
  socklen_t address_size = 0;
};

// ws, wss, http or https; the name is looked up once, here.
Expected<Target> find_target(std::string_view url);

std::string get_request(const Target& target, std::string_view path, std::string_view token);
std::string upgrade_request(const Target& target, std::string_view token);

}  // namespace butai::load
