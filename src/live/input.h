// One publisher's line into a channel: its tracks, its place on the time line, its early frames.
// Flow:   ingest::Publication -> here -> live::Channel
// Thread: the channel's loop.
// Limits: kEarlyMax, kHeldSpanMax, kHeldBytesMax (live/limits.h); when full() the publisher is not read.
//
// Frames wait per track, because a fragmented file brings seconds of picture and then seconds of
// sound; they leave in order of time.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "live/timeline.h"
#include "media/frame.h"
#include "media/track.h"

namespace butai::live {

// What an input gives on, in time: a channel in production, a recorder in tests.
class InputListener {
 public:
  virtual ~InputListener() = default;
  virtual void on_input_tracks(const std::vector<media::Track>& tracks) = 0;
  virtual void on_input_frame(const media::Frame& frame) = 0;  // on the UTC time line
  virtual void on_input_discontinuity() = 0;
};

class Input {
 public:
  Input(Executor& loop, const Clock& clock, InputListener& listener);

  // See Timeline::trust_source.
  void trust_source() { timeline_.trust_source(); }
  void set_tracks(std::vector<media::Track> tracks);
  void push(media::Frame frame);  // source times
  void lost();                    // the source broke off; what follows is a discontinuity
  // Whether early frames fill the space; then stop reading until `on_room`.
  bool full() const;
  // Whether every frame has left; `on_empty` is told when the last one does.
  bool empty() const { return held_frames_ == 0; }
  void on_empty(std::function<void()> callback) { on_empty_ = std::move(callback); }
  void on_room(std::function<void()> callback) { on_room_ = std::move(callback); }
  std::optional<Micros> anchor() const { return timeline_.anchor(); }

 private:
  struct Held {
    media::Frame frame;
    Utc when;
    bool discontinuity;
  };

  void release_due();
  void deliver(const Held& held);

  Executor& loop_;
  const Clock& clock_;
  InputListener& listener_;
  std::vector<media::Track> tracks_;
  std::array<std::uint32_t, media::kFirstRung> timescales_{};  // by TrackId; 0: unknown
  Timeline timeline_;
  std::deque<Held>* earliest();

  std::array<std::deque<Held>, media::kFirstRung> held_;  // by TrackId
  std::size_t held_frames_ = 0;
  std::size_t held_bytes_ = 0;
  bool was_full_ = false;
  TimerHandle timer_;
  std::function<void()> on_room_;
  std::function<void()> on_empty_;
};

}  // namespace butai::live
