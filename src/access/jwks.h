// Fetches another issuer's public keys and keeps them fresh.
//   source  https://…; http://… on loopback only; or a file (a path, or file://…)
//   when    as a Refresher: also on SIGHUP (reload), and when a token names an unknown kid
// Flow:   KeyRing::report_missing, reload -> Refresher -> libcurl or file -> KeyRing
// Thread: the Refresher's; reload() from any.
// Limits: kJwksBytesMax, kJwksTimeout; no redirects, no other protocols.
// Spec:   RFC 7517.
#pragma once

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
