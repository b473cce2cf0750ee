// Fetches another issuer's public keys and keeps them fresh.
//   source  https://…; http://… on loopback only; or a file (a path, or file://…)
//   when    at start, every 5 minutes, on SIGHUP (reload), and when a token names an unknown kid,
//           then at most every 30 s
//   failed  the old keys stay; tried again after 30 s
// Flow:   KeyRing::report_missing, reload -> its own thread -> libcurl or file -> KeyRing
// Thread: one of its own; reload() from any.
// Limits: kJwksBytesMax, kJwksTimeout; no redirects, no other protocols.
// Spec:   RFC 7517.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "access/key_ring.h"
#include "access/limits.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/problem.h"

namespace butai::access {

// Whether `source` may be used at all; a sentence if not.
Expected<void> check_jwks_source(const std::string& source);
// The document, once, on the calling thread. `stop` is looked at while waiting.
Expected<std::string> read_jwks(const std::string& source, const std::atomic<bool>& stop);

// When to fetch next: pure, so that it is tested without waiting.
class JwksSchedule {
 public:
  explicit JwksSchedule(Steady now) : next_(now), last_(now - kJwksMissEvery) {}
  Steady next() const { return next_; }
  void fetched(Steady now) { set(now, kJwksEvery); }
  void failed(Steady now) { set(now, kJwksMissEvery); }
  void missing(Steady now) { next_ = std::min(next_, std::max(now, last_ + kJwksMissEvery)); }
  void reload(Steady now) { next_ = now; }

 private:
  void set(Steady now, Seconds wait) {
    last_ = now;
    next_ = now + wait;
  }
  Steady next_;
  Steady last_;
};

class Jwks {
 public:
  // Starts the thread; the first fetch does not hold up the start. `ring` must outlive this.
  static Expected<std::unique_ptr<Jwks>> start(std::string source, KeyRing& ring,
                                               const Clock& clock, Metrics& metrics);
  ~Jwks();
  Jwks(const Jwks&) = delete;
  Jwks& operator=(const Jwks&) = delete;

  void reload();

 private:
  struct Impl;
  explicit Jwks(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::access
