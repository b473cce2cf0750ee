// What playlists and manifests show of a log: which segments, and at what bit rate.
// Flow:   live::SegmentLog -> here -> hls_writer, dash_writer
// Thread: pure functions, any.
// Limits: kSegmentsListed; more only while they are shorter than kPlaylistMinSeconds together.
// Spec:   RFC 8216bis (draft 22) clauses 4.4.3.3, 6.2.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "live/chunk.h"
#include "live/segment_log.h"
#include "media/track.h"

namespace butai::package {

// A rendition and its log, as this loop sees it. Neither is null.
struct RenditionLog {
  const live::Rendition* rendition;
  const live::SegmentLog* log;
};

struct Listed {
  std::size_t first = 0;              // index in log.segments()
  std::uint64_t discontinuities = 0;  // before it: EXT-X-DISCONTINUITY-SEQUENCE
};
// Where playlists and manifests begin. From there numbers run without a hole.
Listed listed_from(const live::SegmentLog& log);

// Where the open segment will end as far as that can be told: on the grid, or as long after its
// start as the one before; nothing otherwise, and when no segment is open. `leading`: the track
// whose rate makes the grid, the picture if there is one.
std::optional<Ticks> expected_end(const RenditionLog& own, const media::Track& leading,
                                  Micros segment);

// Half of what a frame lasts: no source is steadier.
Ticks half_frame(const media::Track& track);

// Bits per second.
struct Bandwidth {
  std::uint32_t peak = 0, average = 0;
};
using Bandwidths = std::map<media::TrackId, Bandwidth>;
// Of the complete segments of a log; what the track announces, or a guess, before there are any.
Bandwidth measure(const RenditionLog& rendition);

// 2026-11-20T10:00:00.000Z (ISO 8601, to the nearest millisecond).
std::string iso_time(Utc when);

}  // namespace butai::package
