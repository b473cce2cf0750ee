// A blocking TCP client that sends exactly the bytes a test wants, right or wrong.
// Every wait ends after 5 s, so that a test fails instead of hanging.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace butai::net::testing {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (receive_buffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }

  // One recv; empty at the end, on reset and after 5 s.
  std::string receive_some() {
    std::string bytes(64 * 1024, '\0');
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  // Everything until the server closes.
  std::string receive_all() {
    std::string all = std::exchange(buffer_, {});
    for (std::string some = receive_some(); !some.empty(); some = receive_some()) all += some;
    return all;
  }
  // Up to and with `mark`; what came behind it stays for the next call. Empty if it never came.
  std::string receive_until(std::string_view mark) {
    for (;;) {
      const std::size_t at = buffer_.find(mark);
      if (at != std::string::npos) return take(at + mark.size());
      const std::string some = receive_some();
      if (some.empty()) return {};
      buffer_ += some;
    }
  }
  std::string receive_exactly(std::size_t count) {
    while (buffer_.size() < count) {
      const std::string some = receive_some();
      if (some.empty()) return {};
      buffer_ += some;
    }
    return take(count);
  }
  // One answer: its head, and as much body as Content-Length says.
  std::string receive_answer() {
    std::string head = receive_until("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    return head + receive_exactly(std::strtoul(head.c_str() + at + 16, nullptr, 10));
  }

 private:
  std::string take(std::size_t count) {
    std::string front = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return front;
  }

  int fd_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace butai::net::testing
