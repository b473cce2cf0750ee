// SIGTERM: viewers are sent elsewhere, spread over the time there is, then everything is closed.
#include <chrono>
#include <thread>

#include "app/house.h"

namespace butai::app {
namespace {

constexpr Millis kMoveTime{2'000};   // viewers get to go elsewhere by themselves
constexpr Millis kCloseTime{1'000};  // for closing handshakes after that
constexpr Millis kLookEvery{20};

}  // namespace

void House::drain() {
  ready_ = false;
  server_->stop_accepting();
  rtmp_server_->stop_accepting();
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i].post([this, i] {
      for (net::Movable* socket : open_sockets_.of(i)) {
        socket->move(Millis{static_cast<std::int64_t>(random_.number(kMoveTime.count() / 2))});
      }
    });
  }
  const auto wait = [this](Millis longest) {
    const Steady end = clock_.steady() + longest;
    const auto open = [this] { return server_->connections() + rtmp_server_->connections(); };
    while (open() > 0 && clock_.steady() < end) std::this_thread::sleep_for(kLookEvery);
  };
  wait(kMoveTime);
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i].post([this, i] {
      for (net::Movable* socket : open_sockets_.of(i)) socket->shut();
    });
  }
  wait(kCloseTime);
  loops_.stop();
}

}  // namespace butai::app
