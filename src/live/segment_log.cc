#include "live/segment_log.h"

#include <algorithm>

namespace butai::live {

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
  const std::size_t first =
      segment.parts.empty() ? 0
                            : segment.parts.back().first_chunk + segment.parts.back().chunk_count;
  if (first == segment.chunks.size()) return;
  segment.parts.push_back(
      {event.start, event.duration, event.independent, first, segment.chunks.size() - first});
}

void SegmentLog::apply(const SegmentClosed& event) {
  if (segments_.empty()) return;
  segments_.back().duration = event.duration;
  segments_.back().complete = true;
  drop_old();
}

const Segment* SegmentLog::find(std::int64_t start) const {
  // Newest first: that is what viewers ask for.
  const auto found = std::find_if(segments_.rbegin(), segments_.rend(),
                                  [start](const Segment& s) { return s.start.value == start; });
  return found == segments_.rend() ? nullptr : &*found;
}

void SegmentLog::drop_old() {
  while (segments_.size() > 1 && segments_.front().complete &&
         (segments_.size() > segments_max_ || bytes_ > bytes_max_)) {
    discontinuities_dropped_ += segments_.front().discontinuity ? 1 : 0;
    bytes_ -= segments_.front().bytes;
    segments_.pop_front();
  }
}

}  // namespace butai::live
