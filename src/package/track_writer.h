// One track's chunks, parts and segments, once the Packager has said where segments begin.
// Flow:   package::Packager -> here -> live::ChunkSink
// Thread: the channel's loop.
// Limits: a chunk has frames_per_chunk frames at most; segments are bounded by the Packager.
// Spec:   RFC 8216bis (draft 22) clause 4.4.4.9.
//
//  1. Pictures follow on in decode time: each is decoded when the one before ends by prediction,
//     however late or early its own time is, and lasts until the next is expected. A browser that
//     finds a hole of two frames in decode times takes nothing until the next key frame, and
//     players that find media beside the place that the playlist names begin anew. A late picture
//     keeps its presentation time: the one before stands until then. An early one waits.
//  2. open() begins a segment; add() gathers frames into a chunk and publishes it when it is full.
//  3. A part is closed at once when it lasts 85 % of its target and one more frame would not fit (a
//     quarter of a frame forgives the jitter of millisecond time stamps). A picture lasts until the
//     part's end at most; what is still missing the next ones make up for. Where sound is missing,
//     or pictures last longer than a part, the next frame closes it: it then lasts until that, and
//     never longer than the target. So no part but a segment's last is ever shorter than 85 %. Time
//     without any sound for longer than a part is in no part.
//  4. close() publishes what is left, closes the part, then the segment.
//  5. On a protected channel each frame goes through the TrackProtector of its segment's key period
//     before the chunk is written; a new period begins with open().
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "drm/track_protector.h"
#include "live/chunk.h"
#include "media/frame.h"
#include "media/track.h"

namespace butai::package {

// A segment's beginning, the same for every track.
struct Cut {
  std::uint64_t number = 0;
  Ticks start;             // presentation time of its first frame
  std::uint32_t init = 0;  // Presentation::number
  bool discontinuity = false;
  drm::KeyPeriodPtr keys;  // of a protected channel
};

// Whether what is written may be clear. A protected track without keys writes nothing.
enum class Writing : std::uint8_t { Clear, Protected };

class TrackWriter {
 public:
  TrackWriter(live::ChunkSink& sink, const media::Track& track, Micros segment,
              std::size_t frames_per_chunk, Writing writing = Writing::Clear);

  bool is_empty() const { return empty_; }  // the open segment has no frame yet
  bool is_open() const { return open_.has_value(); }
  const Cut& segment() const { return *open_; }  // while open
  const media::Track& track() const { return track_; }
  // Presentation time at which what was added ends by prediction; the segment's start before that.
  Ticks end() const { return {end_, track_.timescale}; }

  // That, or `other` when the open segment has no frame.
  Ticks end_or(Ticks other) const { return empty_ ? other.in(track_.timescale) : end(); }

  // When `frame` would be seen if frames were not reordered: the presentation time that parts and
  // segments count in.
  std::int64_t time_of(const media::Frame& frame) const;

  void open(const Cut& cut);
  // Into the open segment; `frame.duration` is set. `usual` is what frames of this track last. A
  // frame that cannot be protected is left out.
  void add(media::Frame frame, std::int64_t usual);
  // The segment lasts until `next_start`. Does nothing when none is open.
  void close(Ticks next_start);

 private:
  bool protect(const media::Frame& frame);
  void follow_on(media::Frame& frame, std::int64_t offset, std::int64_t usual) const;
  void flush_chunk();
  void close_part(std::int64_t end);
  void end_parts_before(std::int64_t time, std::int64_t usual);
  bool part_is_full(std::int64_t usual) const;
  std::int64_t least_part() const;

  live::ChunkSink& sink_;
  media::Track track_;
  std::int64_t part_target_;  // ticks
  std::size_t frames_per_chunk_;
  std::optional<Cut> open_;
  std::vector<media::Frame> waiting_;  // of the chunk that is being gathered
  std::int64_t offset_ = 0;            // presentation - decode time of the segment's first frame
  std::int64_t end_ = 0;
  std::int64_t part_start_ = 0;
  std::size_t part_chunks_ = 0;
  bool part_independent_ = false;
  bool empty_ = true;  // no frame in this segment yet
  Writing writing_;
  drm::KeyPeriodPtr keys_;  // of protector_
  std::optional<drm::TrackProtector> protector_;
  std::uint64_t refused_ = 0;  // frames that could not be protected
};

}  // namespace butai::package
