// The last segments of one track: chunks, parts, durations. The same events give the same log on
// every loop, so playlists and manifests are written from it and segments are served from it.
// Thread: each loop owns its copy; chunks inside are shared and immutable.
// Limits: kSegmentsKept, kLogBytesMax, kReachBackMax (live/limits.h); the oldest complete segment is dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "live/chunk.h"

namespace butai::live {

struct Part {
  Ticks start, duration;
  bool independent = false;
  std::size_t offset = 0, size = 0;  // bytes in the segment
};

struct Segment {
  std::uint64_t number = 0;
  Ticks start, duration;  // duration 0 until complete
  std::uint32_t init = 0;
  bool discontinuity = false;
  bool complete = false;
  // The first segment since the time line or the codec configuration last broke; it stays the same
  // when that segment is dropped, so that a DASH Period keeps its identity.
  std::uint64_t run = 0;
  Ticks run_start;
  std::vector<Part> parts;
  std::size_t bytes = 0;  // of all chunks; 0 in a complete segment: a gap

  std::vector<ChunkPtr> chunks;  // until somebody asks for all of it
  Bytes whole;                   // then: it will be sent far oftener than it grew
  // Bytes [offset, offset + size), in the pieces that they lie in.
  std::vector<Bytes> pieces(std::size_t offset, std::size_t size) const;
};

class SegmentLog {
 public:
  explicit SegmentLog(std::size_t segments_max, std::size_t bytes_max)
      : segments_max_(segments_max), bytes_max_(bytes_max) {}

  void apply(const SegmentOpened& event);
  void apply(const ChunkPtr& chunk);
  void apply(const PartClosed& event);
  void apply(const SegmentClosed& event);

  // Oldest first; only the last may be incomplete.
  const std::deque<Segment>& segments() const { return segments_; }
  // Sum of `discontinuity` over the segments already dropped: EXT-X-DISCONTINUITY-SEQUENCE.
  std::uint64_t discontinuities_dropped() const { return discontinuities_dropped_; }
  // The segment that starts at `start` (in the track's timescale), or null.
  const Segment* find(std::int64_t start) const;
  // That segment in one piece, from now on; null if it is not complete, or has nothing in it.
  const Segment* join(std::int64_t start);

 private:
  bool stale(const Segment& segment) const;
  void drop_old();

  std::deque<Segment> segments_;
  std::uint64_t discontinuities_dropped_ = 0;
  std::size_t bytes_ = 0;
  std::size_t segments_max_, bytes_max_;
};

}  // namespace butai::live
