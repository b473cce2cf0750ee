// `butai bench requests` and `licenses`: the same address asked again and again on connections that are
// kept, so that a server's cost per answer can be set beside another's. Closed loop: what one
// connection asks for next waits for its answer. With a rate: at fixed times, each connection in turn,
// and the wait counts from that time even when the connection was still busy.
// Thread: the caller's; blocks it until the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace butai::load {

struct RequestOptions {
  std::string url;
  std::string token;
  std::string body;              // JSON; not empty: it is posted
  std::uint32_t per_second = 0;  // of all connections together; 0: closed loop
  std::size_t connections = 64;
  std::uint32_t seconds = 5;
  int pid = 0;
  bool json = false;
};

int bench_requests(const RequestOptions& options);

}  // namespace butai::load
