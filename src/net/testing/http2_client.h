// A blocking HTTP/2 client over real TLS: an Http2Peer, or any bytes, behind a socket.
// Every wait ends after 5 s, so that a test fails instead of hanging.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>

#include "net/testing/http2_peer.h"

namespace butai::net::testing {

class Http2Client {
 public:
  explicit Http2Client(std::uint16_t port, std::uint32_t window = 65'535,
                       std::string_view protocols = "\x02h2")
      : peer(window), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    SSL_set_fd(ssl_.get(), fd_);
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned int>(protocols.size()));
    open_ = SSL_connect(ssl_.get()) == 1;
  }
  ~Http2Client() {
    ssl_.reset();
    ::close(fd_);
  }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  bool open() const { return open_; }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

  bool send(std::string_view bytes) {
    return bytes.empty() || SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  // One read; empty at the end, on reset and after 5 s.
  std::string receive_some() {
    std::string bytes(64 * 1024, '\0');
    const int count = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  // Whether `mark` comes.
  bool receives(std::string_view mark) {
    std::string all;
    while (all.find(mark) == std::string::npos) {
      const std::string some = receive_some();
      if (some.empty()) return false;
      all += some;
    }
    return true;
  }
  std::string receive_all() {
    std::string all;
    for (std::string some = receive_some(); !some.empty(); some = receive_some()) all += some;
    return all;
  }

  // Sends what the peer has to say. False: the server is gone.
  bool flush() { return send(peer.out()); }
  // One exchange of bytes, both ways. False: the server is gone.
  bool step() {
    if (!flush()) return false;
    const std::string some = receive_some();
    return !some.empty() && peer.in(as_bytes(some));
  }
  // The answer, whole or closed.
  const Http2Peer::Answer& wait(StreamId id) {
    while (!peer.answer(id).ended && step()) {
    }
    flush();
    return peer.answer(id);
  }
  const Http2Peer::Answer& get(const std::string& path) { return wait(peer.get(path)); }

  Http2Peer peer;

 private:
  int fd_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()),
                                                             SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{SSL_new(context_.get()), SSL_free};
  bool open_ = false;
};

}  // namespace butai::net::testing
