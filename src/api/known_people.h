// What GET /api/v1/session tells of an account, so that the door does not ask the database who each of ten
// thousand is. It is filled with everybody who is signed in, and told as it is; what is older than kKnownFor is
// read again beside the answer, a few at a time. What a person may is not here: that is the session's.
// Thread: any; the mutex is held for one look-up.
// Limits: kKnownFor, kKnownMax (a full one begins anew), kReadAgainAtOnce.
#pragma once

#include <mutex>  // handlers of every loop
#include <optional>
#include <string>
#include <unordered_map>

#include "access/accounts.h"
#include "base/clock.h"

namespace butai::api {

class KnownPeople {
 public:
  explicit KnownPeople(const Clock& clock) : clock_(clock) {}

  // By the account's name, the subject of its session.
  std::optional<access::Account> find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(name);
    if (found == known_.end()) return std::nullopt;
    return found->second.account;
  }
  // Whether whoever found it is to read it again now, and to say when that is done.
  bool begin_reading_again(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(name);
    if (found == known_.end() || reading_ >= kReadAgainAtOnce) return false;
    if (found->second.since + kKnownFor > clock_.steady()) return false;
    found->second.since = clock_.steady();
    ++reading_;
    return true;
  }
  void read_again() {
    const std::lock_guard lock(mutex_);
    --reading_;
  }
  void know(const access::Account& account) {
    const std::lock_guard lock(mutex_);
    if (known_.size() >= kKnownMax) known_.clear();
    known_[account.name] = {account, clock_.steady()};
  }

 private:
  static constexpr Seconds kKnownFor{300};           // a changed name shows so late
  static constexpr std::size_t kKnownMax = 200'000;  // accounts, some 300 bytes each
  static constexpr std::size_t kReadAgainAtOnce = 4;
  struct Known {
    access::Account account;
    Steady since;
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Known> known_;
  std::size_t reading_ = 0;
};

}  // namespace butai::api
