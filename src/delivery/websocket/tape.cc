#include "delivery/websocket/tape.h"

#include <algorithm>
#include <utility>

#include "delivery/limits.h"
#include "live/limits.h"
#include "net/websocket_codec.h"

namespace butai::delivery::websocket {

void Tape::append(TapeItem item) { pending_.push_back(std::move(item)); }

bool Tape::cut() {
  if (pending_.empty()) return false;
  while (!pending_.empty()) {
    const auto other_init = std::ranges::find_if(
        pending_, [init = pending_.front().init](const auto& item) { return item.init != init; });
    cut_block(static_cast<std::size_t>(other_init - pending_.begin()));
  }
  forget_old();
  return true;
}

// Of the first `count` items that wait.
void Tape::cut_block(std::size_t count) {
  constexpr std::size_t kHeadBytesMax = 10;
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += kHeadBytesMax + pending_[i].payload.size();
  std::vector<std::uint8_t> frames;
  frames.reserve(size);

  Block block;
  block.first = end_;
  block.bytes_before = bytes_end_;
  block.init = pending_.front().init;
  for (std::size_t i = 0; i < count; ++i) {
    const TapeItem& item = pending_[i];
    if (item.entry) entries_.push_back({end_, item.start});
    ++end_;
    block.offsets.push_back(static_cast<std::uint32_t>(frames.size()));
    block.starts.push_back(item.start);
    const net::FrameHead head = net::frame_head(net::Opcode::Binary, item.payload.size());
    frames.insert(frames.end(), head.view().begin(), head.view().end());
    frames.insert(frames.end(), item.payload.view().begin(), item.payload.view().end());
    newest_start_ = std::max(newest_start_, item.start);
  }
  block.end = end_;
  block.last_start = block.starts.back();
  bytes_end_ += frames.size();
  block.frames = Bytes(std::move(frames));
  blocks_.push_back(std::move(block));
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
}

// A block goes when nobody may read it any more: it is further back than viewers may be, and before
// the newest entry. The bound on bytes holds in any case.
void Tape::forget_old() {
  while (blocks_.size() > 1) {
    const Block& oldest = blocks_.front();
    const std::uint64_t bytes_behind = bytes_end_ - blocks_[1].bytes_before;
    const bool out_of_reach =
        newest_start_ - oldest.last_start > kBehindMax || bytes_behind > kBehindBytesMax;
    const bool needed = entries_.empty() || oldest.end > entries_.back().cursor;
    const bool too_much = bytes_end_ - oldest.bytes_before > live::kRingBytesMax;
    if (!too_much && (needed || !out_of_reach)) return;
    while (!entries_.empty() && entries_.front().cursor < oldest.end) entries_.pop_front();
    blocks_.pop_front();
  }
}

std::optional<std::uint64_t> Tape::newest_entry() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.back().cursor;
}

std::optional<std::uint64_t> Tape::entry_before(Utc when) const {
  const auto later = std::ranges::find_if(entries_.rbegin(), entries_.rend(),
                                          [when](const Entry& e) { return e.start <= when; });
  if (later == entries_.rend()) return std::nullopt;
  return later->cursor;
}

const Tape::Block& Tape::block_of(std::uint64_t cursor) const {
  const auto after = std::ranges::upper_bound(blocks_, cursor, {}, &Block::first);
  return *std::prev(after);
}

Utc Tape::start_of(std::uint64_t cursor) const {
  const Block& block = block_of(cursor);
  return block.starts[cursor - block.first];
}

bool Tape::too_far_behind(std::uint64_t cursor) const {
  const Block& block = block_of(cursor);
  const std::size_t at = cursor - block.first;
  if (newest_start_ - block.starts[at] > kBehindMax) return true;
  return bytes_end_ - (block.bytes_before + block.offsets[at]) > kBehindBytesMax;
}

std::uint64_t Tape::gather(std::uint64_t cursor, std::vector<Bytes>& pieces) const {
  auto block = std::prev(std::ranges::upper_bound(blocks_, cursor, {}, &Block::first));
  const std::uint32_t init = block->init;
  const std::size_t skip = block->offsets[cursor - block->first];
  pieces.push_back(block->frames.slice(skip, block->frames.size() - skip));
  std::size_t bytes = pieces.back().size();
  cursor = block->end;
  for (++block; block != blocks_.end() && block->init == init; ++block) {
    bytes += block->frames.size();
    if (bytes > kSendBytesMax || pieces.size() >= kSendPiecesMax) break;
    pieces.push_back(block->frames);
    cursor = block->end;
  }
  return cursor;
}

}  // namespace butai::delivery::websocket
