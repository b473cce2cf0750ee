#include "client/interrupts.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

namespace butai::client {

struct Interrupts::Impl {
  Impl(net::Loop& l, std::function<void()> a)
      : loop(l), asked(std::move(a)), signals(l.context(), SIGINT, SIGTERM) {}

  void wait() {
    signals.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;  // we are going away
      if (!asked) return loop.stop();
      wait();
      std::exchange(asked, nullptr)();
    });
  }

  net::Loop& loop;
  std::function<void()> asked;
  boost::asio::signal_set signals;
};

Interrupts::Interrupts(net::Loop& loop, std::function<void()> asked)
    : impl_(std::make_unique<Impl>(loop, std::move(asked))) {
  impl_->wait();
}

Interrupts::~Interrupts() = default;

}  // namespace butai::client
