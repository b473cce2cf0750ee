// How often a password may be tried per account: an attempt is written down when it begins, so that
// many at once do not slip through, and forgiven when the password was right.
// Thread: any; the mutex is held for one map operation.
// Limits: kLoginFailuresMax in kLoginWindow, kLoginNamesMax (the longest idle one makes room).
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace butai::access {

class LoginLimit {
 public:
  explicit LoginLimit(const Clock& clock) : clock_(clock) {}
  // Nothing: go on. Otherwise the time until the next attempt is allowed.
  std::optional<Seconds> begin(const std::string& account);
  void forgive(const std::string& account);

 private:
  void make_room(Steady now);

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::deque<Steady>> attempts_;
};

}  // namespace butai::access
