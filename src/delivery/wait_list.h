// Waiters by what they wait for, released together when it is there. No sockets, no clock: those who
// use it say what has come and what time it is.
// Flow:   a request that cannot be answered yet -> add; a change -> release, in one sweep
// Thread: one.
// Limits: one waiter per request that is being answered (net/limits.h bounds those).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace butai::delivery {

template <class Key, class Waiter>
class WaitList {
 public:
  struct Ticket {
    Key key;
    std::uint64_t id = 0;
  };

  // `until` must not be earlier than that of the waiter before.
  Ticket add(const Key& key, Steady until, Waiter waiter) {
    groups_[key].push_back({next_, until, std::move(waiter)});
    ++size_;
    return {key, next_++};
  }

  // The waiter went away; nothing happens if it was released before.
  void remove(const Ticket& ticket) {
    const auto group = groups_.find(ticket.key);
    if (group == groups_.end()) return;
    Entries& entries = group->second;
    const auto entry = std::ranges::lower_bound(entries, ticket.id, {}, &Entry::id);
    if (entry == entries.end() || entry->id != ticket.id || !entry->waiter) return;
    entry->waiter.reset();
    --size_;
    drop_front(entries);
    if (entries.empty()) groups_.erase(group);
  }

  // `ready(key)` is asked once per key; `give(key, waiter)` gets its waiters in the order in which
  // they came, and may add others.
  template <class Ready, class Give>
  void release(Ready ready, Give give) {
    std::vector<typename Groups::node_type> leaving;
    for (auto group = groups_.begin(); group != groups_.end();) {
      const auto here = group++;
      if (ready(here->first)) leaving.push_back(groups_.extract(here));
    }
    for (auto& group : leaving) {
      for (Entry& entry : group.mapped()) {
        if (!entry.waiter) continue;
        --size_;
        give(group.key(), std::move(*entry.waiter));
      }
    }
  }

  // Those whose `until` has come.
  template <class Give>
  void expire(Steady now, Give give) {
    std::vector<Waiter> leaving;
    for (auto group = groups_.begin(); group != groups_.end();) {
      Entries& entries = group->second;
      while (!entries.empty() && entries.front().until <= now) {
        leaving.push_back(std::move(*entries.front().waiter));
        --size_;
        entries.pop_front();
        drop_front(entries);
      }
      group = entries.empty() ? groups_.erase(group) : std::next(group);
    }
    for (Waiter& waiter : leaving) give(std::move(waiter));
  }

  // When the next one expires.
  std::optional<Steady> earliest() const {
    std::optional<Steady> first;
    for (const auto& [key, entries] : groups_) {
      const Steady until = entries.front().until;
      first = first ? std::min(*first, until) : until;
    }
    return first;
  }

  bool has(const Key& key) const { return groups_.contains(key); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Entry {
    std::uint64_t id = 0;
    Steady until;
    std::optional<Waiter> waiter;  // nothing: it went away
  };
  using Entries = std::deque<Entry>;  // the first always has a waiter
  using Groups = std::map<Key, Entries>;

  static void drop_front(Entries& entries) {
    while (!entries.empty() && !entries.front().waiter) entries.pop_front();
  }

  Groups groups_;
  std::uint64_t next_ = 0;
  std::size_t size_ = 0;
};

}  // namespace butai::delivery
