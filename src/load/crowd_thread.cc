#include "load/crowd_thread.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "load/instrument.h"

namespace butai::load {

void CrowdThread::start() {
  thread_ = std::thread([this] { run(); });
}

void CrowdThread::stop() {
  over_.store(true);
  if (thread_.joinable()) thread_.join();
}

void CrowdThread::run() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  started_us_ = steady_micros();
  begin(started_us_);
  std::array<epoll_event, 512> events;
  std::int64_t next_turn = started_us_;
  while (!over_.load(std::memory_order_relaxed)) {
    const std::int64_t wait = std::max<std::int64_t>(next_turn - steady_micros(), 0);
    const timespec patience{.tv_sec = 0, .tv_nsec = wait * 1'000};
    const int count = epoll_pwait2(epoll_, events.data(), events.size(), &patience, nullptr);
    for (int i = 0; i < count; ++i) drive(events[static_cast<std::size_t>(i)].data.u32);
    const std::int64_t now = steady_micros();
    if (now < next_turn) continue;
    if (!in_window_ && window_.load(std::memory_order_relaxed)) {
      in_window_ = true;
      enter_window();
    }
    join_those_due(now);
    next_turn = turn(now, next_turn);
  }
  end();
  ::close(epoll_);
}

void CrowdThread::join_those_due(std::int64_t now_us) {
  const double elapsed = static_cast<double>(now_us - started_us_) / 1e6;
  const auto due =
      std::min<std::size_t>(static_cast<std::size_t>(elapsed * joins_per_second_) + 1, viewers_);
  for (; begun_ < due; ++begun_) {
    const double after_us = static_cast<double>(begun_) * 1e6 / joins_per_second_;
    const int descriptor = join(begun_, started_us_ + static_cast<std::int64_t>(after_us));
    if (descriptor >= 0) watch_beginner(descriptor, begun_);
  }
}

void CrowdThread::watch_beginner(int descriptor, std::size_t index) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
  event.data.u32 = static_cast<std::uint32_t>(index);
  epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

void CrowdThread::watch_level(int descriptor, std::size_t index) {
  epoll_event event{.events = EPOLLIN, .data = {}};
  event.data.u32 = static_cast<std::uint32_t>(index);
  epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
}

void CrowdThread::watch_no_more(int descriptor) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

}  // namespace butai::load
