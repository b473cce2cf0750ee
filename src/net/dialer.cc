#include "net/dialer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "net/loop.h"
#include "net/tls_transport.h"

namespace butai::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

class Dialer final : public Dialing, public std::enable_shared_from_this<Dialer> {
 public:
  Dialer(Loop& loop, Url url, const ClientOptions& options, Dialed done)
      : loop_(loop),
        url_(std::move(url)),
        options_(options),
        done_(std::move(done)),
        resolver_(loop.context()) {}

  void start() {
    if (url_.secure()) {
      auto trust = make_tls_client_context({options_.ca_file, options_.pin});
      if (!trust) return fail_later(trust.error().sentence);
      trust_ = std::move(*trust);
    }
    timer_ = loop_.after(options_.timeout, [this] {
      fail(fmt::format("{}: no answer within {} s", url_.authority(),
                       options_.timeout.count() / 1000));
    });
    resolver_.async_resolve(
        url_.host, std::to_string(url_.port),
        [weak = weak_from_this()](const boost::system::error_code& error,
                                  const tcp::resolver::results_type& found) {
          const auto self = weak.lock();
          if (!self) return;
          if (error) return self->fail(fmt::format("the name {} is not known", self->url_.host));
          for (const auto& entry : found) self->endpoints_.push_back(entry.endpoint());
          self->connect_next();
        });
  }

 private:
  void connect_next() {
    if (!done_) return;
    if (endpoints_.empty()) return fail(why_);
    const tcp::endpoint endpoint = endpoints_.front();
    endpoints_.pop_front();
    const int fd =
        ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return failed_here(errno);
    socket_ = std::make_unique<Descriptor>(loop_, fd);
    const auto* address = reinterpret_cast<const sockaddr*>(endpoint.data());
    if (::connect(fd, address, static_cast<socklen_t>(endpoint.size())) != 0 &&
        errno != EINPROGRESS) {
      return failed_here(errno);
    }
    // One address of several gets its share of the time, so that a dead one does not use it up.
    share_ =
        endpoints_.empty() ? nullptr : loop_.after(options_.timeout / 3, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->failed_here(ETIMEDOUT);
        });
    socket_->wait_writable([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->connected();
    });
  }

  void connected() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_->fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return failed_here(error);
    const int fd = socket_->release();
    socket_.reset();
    timer_.reset();
    share_.reset();
    auto transport = trust_ ? make_tls_client(loop_, fd, {}, *trust_, url_.host, options_.pin)
                            : std::make_shared<Transport>(loop_, fd, Traffic{});
    std::exchange(done_, nullptr)(std::move(transport));
  }

  void failed_here(int error) {
    socket_.reset();
    share_.reset();
    if (error == ECONNREFUSED) {
      why_ = fmt::format("{} refused the connection; is the server running?", url_.authority());
    } else {
      why_ = fmt::format("{}: {}", url_.authority(), std::strerror(error));
    }
    connect_next();
  }

  void fail(std::string sentence) {
    if (!done_) return;
    const auto self = shared_from_this();
    timer_.reset();
    share_.reset();
    socket_.reset();
    resolver_.cancel();
    std::exchange(done_, nullptr)(problem(std::move(sentence)));
  }

  void fail_later(std::string sentence) {
    loop_.post([self = shared_from_this(), why = std::move(sentence)] { self->fail(why); });
  }

  Loop& loop_;
  const Url url_;
  const ClientOptions options_;
  Dialed done_;
  tcp::resolver resolver_;
  SslContext trust_;
  std::deque<tcp::endpoint> endpoints_;
  std::unique_ptr<Descriptor> socket_;
  TimerHandle timer_;  // the whole time to connect
  TimerHandle share_;  // this address's part of it
  std::string why_ = "the name has no address";
};

}  // namespace

std::shared_ptr<Dialing> dial(Loop& loop, const Url& url, const ClientOptions& options,
                              Dialed done) {
  const auto dialer = std::make_shared<Dialer>(loop, url, options, std::move(done));
  dialer->start();
  return dialer;
}

}  // namespace butai::net
