// What a channel sent lately, framed for the wire: every viewer at the same place gets the same bytes.
// Flow:   FanOut appends what comes; cut() makes one block of it; viewers read by cursor
// Thread: one loop; blocks are immutable and shared.
// Limits: as much as a viewer may be behind (delivery/limits.h), and back to the newest entry, but
//         never more than the channel's ring (live/limits.h).
// Spec:   RFC 6455 section 5.2: frames of a server are not masked, so they are the same for all.
//
// A cursor counts items since the tape began. A block is contiguous, so that a viewer at its
// beginning takes it with one send of one piece; from any other place it is a slice of the block.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace butai::delivery::websocket {

struct TapeItem {
  Bytes payload;  // one binary message
  Utc start;
  std::uint32_t init = 0;  // the init segment that decodes it
  bool entry = false;      // decoding can start here
};

class Tape {
 public:
  struct Block {
    std::uint64_t first = 0, end = 0;  // cursors
    std::uint64_t bytes_before = 0;    // of the whole tape
    std::uint32_t init = 0;            // of every item
    Utc last_start{};
    Bytes frames;
    std::vector<std::uint32_t> offsets;  // where each item's frame begins
    std::vector<Utc> starts;
    std::size_t messages() const { return offsets.size(); }
  };

  void append(TapeItem item);
  // Frames what was appended since the last cut. False: that was nothing.
  bool cut();

  bool waiting() const { return !pending_.empty(); }  // something was appended since
  bool empty() const { return blocks_.empty(); }
  const Block& newest() const { return blocks_.back(); }  // not of an empty tape
  std::uint64_t first() const { return blocks_.empty() ? end_ : blocks_.front().first; }
  std::uint64_t end() const { return end_; }  // of what was cut
  // Where a new viewer, or one that fell behind, starts. Nothing while nothing can be decoded.
  std::optional<std::uint64_t> newest_entry() const;
  // The newest entry that is not later than `when`.
  std::optional<std::uint64_t> entry_before(Utc when) const;

  // For cursors from first() to before end().
  Utc start_of(std::uint64_t cursor) const;
  std::uint32_t init_of(std::uint64_t cursor) const { return block_of(cursor).init; }
  bool too_far_behind(std::uint64_t cursor) const;
  // Adds frames from `cursor` on to `pieces`, all for one init segment, about kSendBytesMax at most.
  // The cursor behind them.
  std::uint64_t gather(std::uint64_t cursor, std::vector<Bytes>& pieces) const;

 private:
  struct Entry {
    std::uint64_t cursor;
    Utc start;
  };
  const Block& block_of(std::uint64_t cursor) const;
  void cut_block(std::size_t count);
  void forget_old();

  std::deque<Block> blocks_;
  std::deque<Entry> entries_;
  std::vector<TapeItem> pending_;
  std::uint64_t end_ = 0;
  std::uint64_t bytes_end_ = 0;
  Utc newest_start_{};
};

}  // namespace butai::delivery::websocket
