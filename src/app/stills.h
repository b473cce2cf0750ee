// Key frames become JPEG, each in a worker of its own that ends with it.
// Flow:   delivery/jpeg -> here -> worker::Line (Job::Still) -> delivery/jpeg
// Thread: make() on the loop that is given; the count is shared by all loops.
// Limits: kAtOnce workers, kTime each.
#pragma once

#include <atomic>  // workers that run, for all loops
#include <functional>
#include <string>

#include "base/clock.h"
#include "media/frame.h"
#include "media/track.h"
#include "net/loop.h"

namespace butai::app {

class Stills {
 public:
  using Done = std::function<void(const Bytes& jpeg)>;

  Stills(std::string worker, const Clock& clock) : worker_(std::move(worker)), clock_(clock) {}

  // `done` on the same loop, never from inside; with nothing when it cannot be made.
  void make(const media::Track& track, const media::Frame& frame, net::Loop& loop, Done done);

 private:
  class Making;
  static constexpr int kAtOnce = 4;
  static constexpr Millis kTime{5'000};

  std::string worker_;
  const Clock& clock_;
  std::atomic<int> running_{0};
};

}  // namespace butai::app
