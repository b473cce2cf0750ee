// Entries that leave by themselves when their time comes, with a bound on their number.
// Thread: none of its own; the owner locks. Every operation is O(log n).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "base/time.h"

namespace butai::access {

using Id128 = std::array<std::uint8_t, 16>;

template <class Value>
class ExpiringMap {
 public:
  explicit ExpiringMap(std::size_t count_max) : count_max_(count_max) {}

  // Puts or replaces; false when there is no room even after the expired are gone.
  bool put(const Id128& id, Value value, Utc expires, Utc now) {
    prune(now);
    erase(id);
    if (entries_.size() >= count_max_) return false;
    entries_.emplace(id, Entry{std::move(value), expires});
    by_expiry_.emplace(expires, id);
    return true;
  }
  Value* find(const Id128& id) {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second.value;
  }
  void erase(const Id128& id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    by_expiry_.erase({found->second.expires, id});
    entries_.erase(found);
  }
  // The one that would expire next makes room.
  void drop_next() {
    if (!by_expiry_.empty()) erase(Id128(by_expiry_.begin()->second));
  }
  void prune(Utc now) {
    while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) drop_next();
  }
  std::size_t size() const { return entries_.size(); }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [id, entry] : entries_) visit(id, entry.value);
  }

 private:
  struct Entry {
    Value value;
    Utc expires;
  };
  std::size_t count_max_;
  std::map<Id128, Entry> entries_;
  std::set<std::pair<Utc, Id128>> by_expiry_;
};

}  // namespace butai::access
