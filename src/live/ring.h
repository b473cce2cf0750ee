// The last things a channel sent, in order, for viewers that each hold only a cursor.
// Flow:   live::ChannelView appends; delivery/websocket reads at its own pace.
// Thread: one loop.
// Limits: items and bytes given at construction; the oldest goes. When that was the newest entry
//         point, new viewers wait for the next one.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace butai::live {

// Item: a copyable handle. `bytes` and `entry` (decoding can start here) are told at append.
template <class Item>
class Ring {
 public:
  Ring(std::size_t items_max, std::size_t bytes_max)
      : items_max_(items_max), bytes_max_(bytes_max) {}

  void append(Item item, std::size_t bytes, bool entry) {
    if (entry) newest_entry_ = end();
    entries_.push_back({std::move(item), bytes, entry});
    bytes_ += bytes;
    while (entries_.size() > items_max_ || bytes_ > bytes_max_) {
      if (first_ == newest_entry_) newest_entry_.reset();
      bytes_ -= entries_.front().bytes;
      entries_.pop_front();
      ++first_;
    }
  }

  void clear() {
    first_ = end();
    entries_.clear();
    bytes_ = 0;
    newest_entry_.reset();
  }

  std::uint64_t first() const { return first_; }                  // sequence of the oldest kept
  std::uint64_t end() const { return first_ + entries_.size(); }  // of the next to come
  const Item& at(std::uint64_t sequence) const { return entries_[sequence - first_].item; }
  std::size_t bytes_at(std::uint64_t sequence) const { return entries_[sequence - first_].bytes; }
  bool is_entry(std::uint64_t sequence) const { return entries_[sequence - first_].entry; }
  // Where a new viewer, or one that fell behind, starts. Nothing while nothing can be decoded.
  std::optional<std::uint64_t> newest_entry() const { return newest_entry_; }

 private:
  struct Entry {
    Item item;
    std::size_t bytes;
    bool entry;
  };
  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;
  std::optional<std::uint64_t> newest_entry_;
  std::size_t bytes_ = 0;
  std::size_t items_max_, bytes_max_;
};

}  // namespace butai::live
