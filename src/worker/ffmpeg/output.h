// What a job has made, on its way to the parent: tracks first, then frames.
// Flow:   job -> Output -> ParentLink
// Thread: the job's.
// Limits: frames held until every expected track is known: 1 s or 500.
//
// A container tells its tracks at once or in the course of the first frames (AAC configuration in
// ADTS, parameter sets in the first key frame). Viewers get one init segment for all, so frames wait
// here until every track that was promised is described.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "media/frame.h"
#include "media/track.h"
#include "worker/ffmpeg/parent_link.h"

namespace butai::worker {

// Where a path (video_path.h, audio_path.h) puts what it made.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // One more track will be described: what is announced next has it.
  virtual void promise(media::TrackId id) = 0;
  virtual void describe(media::Track track) = 0;  // before its frames, and when it changed
  virtual void put(media::Frame frame) = 0;
};

class Output final : public FrameSink {
 public:
  explicit Output(ParentLink& parent) : parent_(parent) {}

  void expect(std::vector<media::TrackId> promised);  // a new source: forgets the old tracks
  void promise(media::TrackId id) override;
  void describe(media::Track track) override;  // announced when all are known
  void put(media::Frame frame) override;
  void flush();  // nothing more comes: what waits goes out
  bool described(media::TrackId id) const { return tracks_.contains(id); }

 private:
  bool complete() const;
  void announce();

  ParentLink& parent_;
  std::vector<media::TrackId> promised_;
  std::map<media::TrackId, media::Track> tracks_;
  bool announced_ = false;
  std::deque<media::Frame> waiting_;
};

}  // namespace butai::worker
