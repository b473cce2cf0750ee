// The sale's clock where the test provider has an operator ([payments] test = "operator": demo and tests):
// hours pass at a word, so that a convenience store is paid the next morning and a night comes to its end.
// It never goes back. Media, plays and tokens keep the real time.
// Flow:   the operator's API -> advance(); BoxOffice, Rights, TestProvider, Curtain -> utc()
// Thread: any; one atomic number that is only added to.
#pragma once

#include <atomic>  // asked on every loop and on the database's thread

#include "base/clock.h"

namespace butai::ticketing {

class TestClock final : public Clock {
 public:
  explicit TestClock(const Clock& real) : real_(real) {}
  void advance(Seconds by) { ahead_ += Micros{by}.count(); }
  Utc utc() const override { return real_.utc() + Micros{ahead_.load()}; }
  Steady steady() const override { return real_.steady(); }

 private:
  const Clock& real_;
  std::atomic<std::int64_t> ahead_{0};  // microseconds
};

}  // namespace butai::ticketing
