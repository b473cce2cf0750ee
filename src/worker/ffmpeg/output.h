// What a job has made, on its way to the parent: tracks first, then frames.
// Flow:   job -> Output -> ParentLink
// Thread: the job's.
// Limits: frames held until every expected track is known: 1 s or 500.
//
// A container tells its tracks at once or in the course of the first frames (AAC configuration in
// ADTS, parameter sets in the first key frame). Viewers get one init segment for all, so frames wait
// here until the picture and the sound that the container promised are both described.
#pragma once

#include <deque>
#include <optional>

#include "media/frame.h"
#include "media/track.h"
#include "worker/ffmpeg/parent_link.h"

namespace butai::worker {

// Where a path (video_path.h, audio_path.h) puts what it made.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void describe(media::Track track) = 0;  // before its frames, and when it changed
  virtual void put(media::Frame frame) = 0;
};

class Output final : public FrameSink {
 public:
  explicit Output(ParentLink& parent) : parent_(parent) {}

  enum class Expected : std::uint8_t { Nothing, Video, Audio, Both };
  void expect(Expected expected);              // a new container: forgets the old tracks
  void describe(media::Track track) override;  // announced when all are known
  void put(media::Frame frame) override;
  void flush();  // nothing more comes: what waits goes out
  bool described(media::TrackId id) const { return slot(id).has_value(); }

 private:
  const std::optional<media::Track>& slot(media::TrackId id) const {
    return id == media::kVideoTrack ? video_ : audio_;
  }
  bool complete() const;
  void announce();

  ParentLink& parent_;
  Expected expected_ = Expected::Nothing;
  std::optional<media::Track> video_, audio_;
  bool announced_ = false;
  std::deque<media::Frame> waiting_;
};

}  // namespace butai::worker
