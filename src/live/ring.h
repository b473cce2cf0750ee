// The last things a channel sent, in order, for viewers that each hold only a cursor.
// Flow:   live::ChannelView appends; delivery/websocket reads at its own pace.
// Thread: one loop.
// Limits: items and bytes given at construction; the oldest goes.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace butai::live {

// Item: a copyable handle. `bytes` is told at append.
template <class Item>
class Ring {
 public:
  Ring(std::size_t items_max, std::size_t bytes_max)
      : items_max_(items_max), bytes_max_(bytes_max) {}

  void append(Item item, std::size_t bytes) {
    entries_.push_back({std::move(item), bytes});
    bytes_ += bytes;
    while (entries_.size() > items_max_ || bytes_ > bytes_max_) drop_first();
  }

  // Lets go of the oldest ones as long as `old` says so.
  template <class Old>
  void drop_while(Old old) {
    while (!entries_.empty() && old(entries_.front().item)) drop_first();
  }

  void clear() {
    first_ = end();
    entries_.clear();
    bytes_ = 0;
  }

  std::uint64_t first() const { return first_; }                  // sequence of the oldest kept
  std::uint64_t end() const { return first_ + entries_.size(); }  // of the next to come
  const Item& at(std::uint64_t sequence) const { return entries_[sequence - first_].item; }
  std::size_t bytes_at(std::uint64_t sequence) const { return entries_[sequence - first_].bytes; }

 private:
  struct Entry {
    Item item;
    std::size_t bytes;
  };
  void drop_first() {
    bytes_ -= entries_.front().bytes;
    entries_.pop_front();
    ++first_;
  }

  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;
  std::size_t bytes_ = 0;
  std::size_t items_max_, bytes_max_;
};

}  // namespace butai::live
