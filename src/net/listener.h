// A listening socket of one loop. Out of descriptors it refuses politely with one kept in reserve,
// then waits kAcceptPause: it never spins.
// Thread: one loop. Several listeners share a port by SO_REUSEPORT.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/problem.h"
#include "net/descriptor.h"
#include "net/loop.h"

namespace butai::net {

// What accepted sockets inherit. Nothing: the system's own choice.
struct SocketOptions {
  std::uint32_t send_buffer_bytes = 0;  // SO_SNDBUF; the kernel doubles it for its own needs
  std::string congestion_control;       // TCP_CONGESTION, e.g. "bbr"
};

// `count` sockets bound to one port; 0 lets the kernel choose. `port` becomes the real one.
// Nobody else may listen there: a second server would silently share our visitors.
Expected<std::vector<int>> bind_all(const std::string& host, std::uint16_t& port, std::size_t count,
                                    const SocketOptions& options = {});

class Listener {
 public:
  using Accepted = std::function<void(int fd, const sockaddr_storage& from)>;

  Listener(Loop& loop, int fd, Accepted accepted);
  ~Listener();

  void start();
  // Takes who already waits, then closes.
  void stop();

 private:
  void wait();
  bool accept_waiting();  // false: out of descriptors
  void refuse_one();

  Loop& loop_;
  Descriptor descriptor_;
  Accepted accepted_;
  int reserve_;
  bool exhausted_ = false;  // the last turn ended for want of descriptors
  TimerHandle pause_;
};

}  // namespace butai::net
