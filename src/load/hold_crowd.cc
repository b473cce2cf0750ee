#include "load/hold_crowd.h"

#include <algorithm>
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
    : CrowdThread(options.viewers, options.joins_per_second),
      options_(std::move(options)),
      guide_(guide),
      viewers_(options_.viewers),
      scratch_(64 * 1024) {}

HoldTally HoldCrowd::finish() {
  stop();
  return std::move(tally_);
}

std::int64_t HoldCrowd::turn(std::int64_t, std::int64_t due_us) {
  ask_those_ready();
  return std::max(due_us + kTurnUs, steady_micros());
}

void HoldCrowd::end() {
  for (Viewer& viewer : viewers_) viewer.link.close();
}

int HoldCrowd::join(std::size_t index, std::int64_t) {
  Viewer& viewer = viewers_[index];
  viewer.stage = Stage::Opening;
  if (!viewer.link.begin(options_.target, &tls_, index)) fail(viewer, std::strerror(errno));
  return viewer.link.descriptor();
}

void HoldCrowd::ask_those_ready() {
  if (guide_.version() == guidance_.version) return;
  guidance_ = guide_.now();
  if (guidance_.tracks.empty() || !guidance_.failure.empty()) return;
  request_ = get_request(options_.target, Guide::reload_path(guidance_), options_.token);
  for (std::size_t i = 0; i < begun(); ++i) {
    Viewer& viewer = viewers_[i];
    if (viewer.stage == Stage::Ready) ask(viewer);
  }
}

void HoldCrowd::ask(Viewer& viewer) {
  viewer.stage = Stage::Held;
  viewer.asked = guidance_.version;
  if (!viewer.link.write(request_)) fail(viewer, "takes no request");
}

void HoldCrowd::drive(std::size_t index) {
  Viewer& viewer = viewers_[index];
  if (viewer.stage == Stage::Opening) {
    const Link::State state = viewer.link.advance();
    if (state == Link::State::Failed) return fail(viewer, "cannot be reached");
    if (state != Link::State::Open) return;
    viewer.stage = Stage::Ready;
    ++tally_.opened;
    count_opened();
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
  if (in_window()) tally_.bytes += got;
  if (got == 0 || viewer.stage != Stage::Held) return;
  viewer.stage = Stage::Ready;
  const std::int64_t now = steady_micros();
  if (viewer.asked > round_) {
    round_ = viewer.asked;
    first_us_ = now;
    closed_us_ = options_.closed_us ? options_.closed_us() : 0;
    if (closed_us_ == 0) closed_us_ = now;
    if (in_window()) ++tally_.rounds;
  }
  if (in_window() && viewer.asked == round_) {
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
    count_failed();
  } else {
    ++tally_.closed;
  }
  ++tally_.reasons[why];
  viewer.stage = Stage::Gone;
  viewer.link.close();
}

}  // namespace butai::load
