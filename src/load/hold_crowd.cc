#include "load/hold_crowd.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "load/instrument.h"
#include "load/limits.h"

namespace butai::load {
namespace {

constexpr std::int64_t kTurnUs = 1'000;

}  // namespace

HoldCrowd::HoldCrowd(Options options, const Guide& guide)
    : options_(std::move(options)),
      guide_(guide),
      viewers_(options_.viewers),
      scratch_(64 * 1024) {}

HoldCrowd::~HoldCrowd() {
  over_.store(true);
  if (thread_.joinable()) thread_.join();
}

void HoldCrowd::start() {
  thread_ = std::thread([this] { run(); });
}

HoldTally HoldCrowd::finish() {
  over_.store(true);
  if (thread_.joinable()) thread_.join();
  return std::move(tally_);
}

void HoldCrowd::run() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  started_us_ = steady_micros();
  std::int64_t next_turn = started_us_;
  std::array<epoll_event, 512> events;
  while (!over_.load(std::memory_order_relaxed)) {
    const std::int64_t wait = std::max<std::int64_t>(next_turn - steady_micros(), 0);
    const timespec patience{.tv_sec = 0, .tv_nsec = wait * 1'000};
    const int count = epoll_pwait2(epoll_, events.data(), events.size(), &patience, nullptr);
    for (int i = 0; i < count; ++i) drive(viewers_[events[static_cast<std::size_t>(i)].data.u32]);
    const std::int64_t now = steady_micros();
    if (now < next_turn) continue;
    if (!in_window_ && window_.load(std::memory_order_relaxed)) {
      in_window_ = true;
    }
    join();
    ask_those_ready();
    next_turn = std::max(next_turn + kTurnUs, steady_micros());
  }
  for (Viewer& viewer : viewers_) viewer.link.close();
  ::close(epoll_);
}

void HoldCrowd::join() {
  const double elapsed = static_cast<double>(steady_micros() - started_us_) / 1e6;
  const auto due = std::min<std::size_t>(
      static_cast<std::size_t>(elapsed * options_.joins_per_second) + 1, viewers_.size());
  for (; begun_ < due; ++begun_) {
    Viewer& viewer = viewers_[begun_];
    viewer.stage = Stage::Opening;
    if (!viewer.link.begin(options_.target, &tls_, begun_)) {
      fail(viewer, std::strerror(errno));
      continue;
    }
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
    event.data.u32 = static_cast<std::uint32_t>(begun_);
    epoll_ctl(epoll_, EPOLL_CTL_ADD, viewer.link.descriptor(), &event);
  }
}

void HoldCrowd::ask_those_ready() {
  if (guide_.version() == guidance_.version) return;
  guidance_ = guide_.now();
  if (guidance_.tracks.empty() || !guidance_.failure.empty()) return;
  request_ = get_request(options_.target, Guide::reload_path(guidance_), options_.token);
  for (std::size_t i = 0; i < begun_; ++i) {
    Viewer& viewer = viewers_[i];
    if (viewer.stage == Stage::Ready) ask(viewer);
  }
}

void HoldCrowd::ask(Viewer& viewer) {
  viewer.stage = Stage::Held;
  viewer.asked = guidance_.version;
  if (!viewer.link.write(request_)) fail(viewer, "takes no request");
}

void HoldCrowd::drive(Viewer& viewer) {
  if (viewer.stage == Stage::Opening) {
    const Link::State state = viewer.link.advance();
    if (state == Link::State::Failed) return fail(viewer, "cannot be reached");
    if (state != Link::State::Open) return;
    viewer.stage = Stage::Ready;
    ++tally_.opened;
    opened_.fetch_add(1);
    // At once: a server limits connections that ask for nothing.
    if (!request_.empty()) ask(viewer);
    return;
  }
  if (viewer.stage != Stage::Held && viewer.stage != Stage::Ready) return;
  // Tickets come before the first answer: over TLS everything is read.
  const bool secure = viewer.link.secure();
  std::size_t got = 0;
  while (true) {
    const long now = secure ? viewer.link.read(scratch_) : viewer.link.discard();
    if (now < 0) return fail(viewer, "closed");
    if (now == 0) break;
    got += static_cast<std::size_t>(now);
  }
  if (in_window_) tally_.bytes += got;
  if (got == 0 || viewer.stage != Stage::Held) return;
  viewer.stage = Stage::Ready;
  const std::int64_t now = steady_micros();
  if (viewer.asked > round_) {
    round_ = viewer.asked;
    first_us_ = now;
    closed_us_ = options_.closed_us ? options_.closed_us() : 0;
    if (closed_us_ == 0) closed_us_ = now;
    if (in_window_) ++tally_.rounds;
  }
  if (in_window_ && viewer.asked == round_) {
    ++tally_.answers;
    tally_.release.add(Micros{now - closed_us_});
    tally_.after_first.add(Micros{now - first_us_});
  }
  // Who was answered after the next part was announced asks for it at once.
  if (viewer.asked < guidance_.version && !request_.empty()) ask(viewer);
}

void HoldCrowd::fail(Viewer& viewer, const std::string& why) {
  if (viewer.stage == Stage::Opening || viewer.stage == Stage::Idle) {
    ++tally_.failed;
    failed_.fetch_add(1);
  } else {
    ++tally_.closed;
  }
  ++tally_.reasons[why];
  viewer.stage = Stage::Gone;
  viewer.link.close();
}

}  // namespace butai::load
