#include "net/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "net/limits.h"

namespace butai::net {

namespace {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

Expected<Endpoint> endpoint_of(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                  std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return problem(fmt::format("cannot listen on \"{}\": {}; write an address of this machine",
                               host, ::gai_strerror(error)));
  }
  Endpoint endpoint;
  std::memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
  endpoint.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return endpoint;
}

enum class Sharing : std::uint8_t { Alone, WithOurLoops };

// A bound socket, or -1 with errno.
int bound(const Endpoint& endpoint, Sharing sharing) {
  const int fd =
      ::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::WithOurLoops) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (endpoint.address.ss_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.address);
  if (::bind(fd, address, endpoint.size) == 0 &&
      (sharing == Sharing::Alone || ::listen(fd, kListenBacklog) == 0)) {
    return fd;
  }
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

std::unexpected<Problem> bind_problem(const std::string& host, std::uint16_t port) {
  if (errno == EADDRINUSE) {
    return problem(fmt::format(
        "{}:{}: address in use; stop the other program or choose another port", host, port));
  }
  if (errno == EACCES) {
    return problem(
        fmt::format("{}:{}: ports below 1024 need privileges; choose one above", host, port));
  }
  return problem(fmt::format("{}:{}: cannot listen: {}", host, port, std::strerror(errno)));
}

Expected<void> apply(const SocketOptions& options, int fd) {
  const auto bytes = static_cast<int>(options.send_buffer_bytes);
  if (bytes > 0) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const std::string& name = options.congestion_control;
  if (name.empty() || ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(),
                                   static_cast<socklen_t>(name.size())) == 0) {
    return {};
  }
  return problem(
      fmt::format("congestion control \"{}\": {}; choose one of `sysctl "
                  "net.ipv4.tcp_available_congestion_control`",
                  name, std::strerror(errno)));
}

}  // namespace

Expected<std::vector<int>> bind_all(const std::string& host, std::uint16_t& port, std::size_t count,
                                    const SocketOptions& options) {
  auto endpoint = endpoint_of(host, port);
  if (!endpoint) return std::unexpected(endpoint.error());
  // Without SO_REUSEPORT first, so that somebody else's listener is an error and not a partner.
  const int probe = bound(*endpoint, Sharing::Alone);
  if (probe < 0) return bind_problem(host, port);
  port = port_of(probe);
  ::close(probe);
  endpoint = endpoint_of(host, port);
  if (!endpoint) return std::unexpected(endpoint.error());
  std::vector<int> sockets;
  const auto give_up = [&sockets](std::unexpected<Problem> failure) {
    for (const int open : sockets) ::close(open);
    return failure;
  };
  while (sockets.size() < count) {
    const int fd = bound(*endpoint, Sharing::WithOurLoops);
    if (fd < 0) return give_up(bind_problem(host, port));
    sockets.push_back(fd);
    if (auto applied = apply(options, fd); !applied) {
      return give_up(std::unexpected(std::move(applied.error())));
    }
  }
  return sockets;
}

Listener::Listener(Loop& loop, int fd, Accepted accepted)
    : loop_(loop),
      descriptor_(loop, fd),
      accepted_(std::move(accepted)),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Listener::~Listener() {
  if (reserve_ >= 0) ::close(reserve_);
}

void Listener::start() { wait(); }

void Listener::wait() {
  descriptor_.wait_readable([this] {
    if (accept_waiting()) {
      exhausted_ = false;
      return wait();
    }
    // One line when it begins, not ten a second while it lasts.
    if (!std::exchange(exhausted_, true)) {
      log::warning("out of file descriptors: connections are refused",
                   {{"what_to_do", "raise the limit of open files (ulimit -n)"}});
    }
    refuse_one();
    pause_ = loop_.after(kAcceptPause, [this] { wait(); });
  });
}

bool Listener::accept_waiting() {
  static constexpr int kPerTurn = 64;  // then the open connections' turn
  for (int turn = 0; turn < kPerTurn; ++turn) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int fd = ::accept4(descriptor_.fd(), reinterpret_cast<sockaddr*>(&from), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted_(fd, from);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return false;
    // ECONNABORTED and what the network did to one connection concern only that one.
  }
  return true;
}

void Listener::refuse_one() {
  if (reserve_ >= 0) ::close(reserve_);
  const int fd = ::accept4(descriptor_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void Listener::stop() {
  if (descriptor_.open()) accept_waiting();
  pause_.reset();
  descriptor_.close();
}

}  // namespace butai::net
