#include "live/segment_log.h"

#include <algorithm>
#include <utility>

#include "live/limits.h"

namespace butai::live {

std::vector<Bytes> Segment::pieces(std::size_t offset, std::size_t size) const {
  if (!whole.empty()) return {whole.slice(offset, size)};
  std::vector<Bytes> found;
  std::size_t at = 0;
  for (const ChunkPtr& chunk : chunks) {
    const std::size_t from = std::max(at, offset);
    const std::size_t to = std::min(at + chunk->bytes.size(), offset + size);
    if (from < to) found.push_back(chunk->bytes.slice(from - at, to - from));
    at += chunk->bytes.size();
  }
  return found;
}

void SegmentLog::apply(const SegmentOpened& event) {
  Segment segment;
  segment.number = event.number;
  segment.start = event.start;
  segment.duration = {0, event.start.timescale};
  segment.init = event.init;
  segment.discontinuity = event.discontinuity;
  segment.run = event.number;
  segment.run_start = event.start;
  if (!segments_.empty()) {
    Segment& last = segments_.back();
    last.complete =
        true;  // the packager closes before it opens; a lost event must not stop the log
    if (!event.discontinuity && event.init == last.init) {
      segment.run = last.run;
      segment.run_start = last.run_start;
    }
  }
  segments_.push_back(std::move(segment));
  drop_old();
}

void SegmentLog::apply(const ChunkPtr& chunk) {
  if (segments_.empty() || segments_.back().complete) return;
  Segment& segment = segments_.back();
  segment.chunks.push_back(chunk);
  segment.bytes += chunk->bytes.size();
  bytes_ += chunk->bytes.size();
  drop_old();
}

void SegmentLog::apply(const PartClosed& event) {
  if (segments_.empty() || segments_.back().complete) return;
  Segment& segment = segments_.back();
  const std::size_t offset =
      segment.parts.empty() ? 0 : segment.parts.back().offset + segment.parts.back().size;
  if (offset == segment.bytes) return;
  segment.parts.push_back(
      {event.start, event.duration, event.independent, offset, segment.bytes - offset});
}

void SegmentLog::apply(const SegmentClosed& event) {
  if (segments_.empty()) return;
  Segment& segment = segments_.back();
  segment.duration = event.duration;
  segment.complete = true;
  drop_old();
}

const Segment* SegmentLog::join(std::int64_t start) {
  const auto found =
      std::ranges::find(segments_, start, [](const Segment& s) { return s.start.value; });
  if (found == segments_.end() || !found->complete || found->bytes == 0) return nullptr;
  if (found->whole.empty()) {
    std::vector<std::uint8_t> all;
    all.reserve(found->bytes);
    for (const ChunkPtr& chunk : std::exchange(found->chunks, {})) {
      all.insert(all.end(), chunk->bytes.view().begin(), chunk->bytes.view().end());
    }
    found->whole = Bytes(std::move(all));
  }
  return &*found;
}

const Segment* SegmentLog::find(std::int64_t start) const {
  // Newest first: that is what viewers ask for.
  const auto found = std::find_if(segments_.rbegin(), segments_.rend(),
                                  [start](const Segment& s) { return s.start.value == start; });
  return found == segments_.rend() ? nullptr : &*found;
}

// Of before a break, and too long ago for anybody who watches now.
bool SegmentLog::stale(const Segment& segment) const {
  const Segment& last = segments_.back();
  return last.start.utc() - last.run_start.utc() >= kRunToForget &&
         last.start.utc() - segment.start.utc() - segment.duration.micros() > kReachBackMax;
}

void SegmentLog::drop_old() {
  while (segments_.size() > 1 && segments_.front().complete &&
         (segments_.size() > segments_max_ || bytes_ > bytes_max_ || stale(segments_.front()))) {
    discontinuities_dropped_ += segments_.front().discontinuity ? 1 : 0;
    bytes_ -= segments_.front().bytes;
    segments_.pop_front();
  }
}

}  // namespace butai::live
