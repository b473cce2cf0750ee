// A rendition of the ladder, or a second sound, cut where the picture was cut although its frames come later.
// Flow:   Packager (cuts) and worker::Line (frames, by app/) -> Follower -> live::ChunkSink
// Thread: the channel's loop.
// Limits: kLadderBehindMax; cuts that wait are as many as segments fit into it.
//
//  1. The Packager tells every cut of the picture. The rendition's segment begins with its first
//     frame at or after the cut: the same picture, because key frames are made alike.
//  2. When a frame passes several cuts, or the picture is kLadderBehindMax ahead, segments that got
//     no frame are empty; playlists show them as gaps and players take another rendition.
//  3. Frames of a segment that is closed are dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "live/chunk.h"
#include "media/frame.h"
#include "media/track.h"
#include "package/rate.h"
#include "package/track_writer.h"

namespace butai::package {

class Follower {
 public:
  Follower(live::ChunkSink& sink, const media::Track& track, Micros segment,
           std::size_t frames_per_chunk, Writing writing = Writing::Clear);

  media::TrackId id() const { return writer_.track().id; }
  std::int64_t usual() const { return rate_.usual(); }  // what a frame lasts, ticks
  std::uint32_t timescale() const { return writer_.track().timescale; }
  // The picture's segment began; before its frames come.
  void cut(const Cut& cut) { cuts_.push_back(cut); }
  // The picture ends at `reached`: what is too far behind is not waited for.
  void keep_up(Ticks reached);
  void add(media::Frame frame);
  // The line breaks at `end`, where the picture ended: open segments are closed.
  void finish(Ticks end);

 private:
  bool reaches_cut(const media::Frame& frame) const;
  void begin();                          // the segment of the oldest cut
  void begin_with(media::Frame& sound);  // the same, at the frame that it begins with

  TrackWriter writer_;
  Rate rate_;
  std::deque<Cut> cuts_;  // not reached yet, oldest first
  std::optional<std::int64_t> last_dts_;
};

}  // namespace butai::package
