// What one address may do: connections that have not yet asked anything, password guesses, writes.
// An admitted viewer counts nowhere.
// Thread: any. One mutex over all loops, because a limit that each loop counts alone would be as
//         many times too large; it is taken once per connection and per limited request.
// Limits: net/limits.h; at most kAddressesMax addresses are remembered.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "net/route.h"

namespace butai::net {

class AddressLimits {
 public:
  explicit AddressLimits(std::size_t unproven_max) : unproven_max_(unproven_max) {}

  // False: too many connections of this address have not sent a complete request. After true an
  // UnprovenSeat leaves.
  bool enter(const std::string& key);
  void leave(const std::string& key);

  // Takes one from the address's bucket; otherwise the time until there is one again.
  std::optional<Seconds> take(RateClass rate, const std::string& key, Steady now);
  // A good login did not count.
  void give_back(RateClass rate, const std::string& key);

 private:
  struct Bucket {
    double left = 0;
    Steady at;
  };
  void forget_full(std::unordered_map<std::string, Bucket>& buckets, int per_minute, Steady now);
  std::unordered_map<std::string, Bucket>& buckets_of(RateClass rate) {
    return rate == RateClass::Login ? logins_ : writes_;
  }

  const std::size_t unproven_max_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> unproven_;
  std::unordered_map<std::string, Bucket> logins_;
  std::unordered_map<std::string, Bucket> writes_;
};

// One of an address's connections that have not asked anything yet; it stops counting when this goes.
class UnprovenSeat {
 public:
  UnprovenSeat(AddressLimits& limits, std::string key) : limits_(&limits), key_(std::move(key)) {}
  UnprovenSeat(UnprovenSeat&& from) noexcept
      : limits_(std::exchange(from.limits_, nullptr)), key_(std::move(from.key_)) {}
  UnprovenSeat& operator=(UnprovenSeat&&) = delete;
  ~UnprovenSeat() {
    if (limits_ != nullptr) limits_->leave(key_);
  }

 private:
  AddressLimits* limits_;
  std::string key_;
};

}  // namespace butai::net
