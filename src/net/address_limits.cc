#include "net/address_limits.h"

#include <algorithm>
#include <cmath>

#include "net/limits.h"

namespace butai::net {

namespace {

int per_minute_of(RateClass rate) {
  return rate == RateClass::Login ? kLoginPerMinute : kWritesPerMinute;
}

double refilled(double left, Steady since, Steady now, int per_minute) {
  const double seconds = std::chrono::duration<double>(now - since).count();
  return std::min<double>(per_minute, left + seconds * per_minute / 60.0);
}

}  // namespace

bool AddressLimits::enter(const std::string& key) {
  const std::lock_guard lock(mutex_);
  std::size_t& count = unproven_[key];
  if (count >= unproven_max_) return false;
  ++count;
  return true;
}

void AddressLimits::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto entry = unproven_.find(key);
  if (entry == unproven_.end()) return;
  if (--entry->second == 0) unproven_.erase(entry);
}

std::optional<Seconds> AddressLimits::take(RateClass rate, const std::string& key, Steady now) {
  if (rate == RateClass::None) return std::nullopt;
  const int per_minute = per_minute_of(rate);
  const std::lock_guard lock(mutex_);
  auto& buckets = buckets_of(rate);
  if (buckets.size() >= kAddressesMax) forget_full(buckets, per_minute, now);
  auto [entry, fresh] = buckets.try_emplace(key, Bucket{static_cast<double>(per_minute), now});
  Bucket& bucket = entry->second;
  bucket.left = refilled(bucket.left, bucket.at, now, per_minute);
  bucket.at = now;
  if (bucket.left >= 1.0) {
    bucket.left -= 1.0;
    return std::nullopt;
  }
  return Seconds{static_cast<int>(std::ceil((1.0 - bucket.left) * 60.0 / per_minute))};
}

void AddressLimits::give_back(RateClass rate, const std::string& key) {
  if (rate == RateClass::None) return;
  const std::lock_guard lock(mutex_);
  auto& buckets = buckets_of(rate);
  const auto entry = buckets.find(key);
  if (entry != buckets.end()) {
    entry->second.left = std::min<double>(per_minute_of(rate), entry->second.left + 1.0);
  }
}

void AddressLimits::forget_full(std::unordered_map<std::string, Bucket>& buckets, int per_minute,
                                Steady now) {
  std::erase_if(buckets, [&](const auto& entry) {
    return refilled(entry.second.left, entry.second.at, now, per_minute) >= per_minute;
  });
  // Still too many at once: an attack from everywhere; starting over keeps the memory bounded.
  if (buckets.size() >= kAddressesMax) buckets.clear();
}

}  // namespace butai::net
