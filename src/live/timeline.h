// Puts one input's source times onto the UTC time line (DESIGN decision 5).
// Flow:   live::Input -> here; a pure function of its calls.
// Thread: the channel's loop.
// Limits: kSlew…, kOffMax, kLateWindow, kJumpMax (live/limits.h).
//
//  1. The first frame is anchored: its source time is "now". All tracks share the anchor, so sound
//     and picture keep their distance.
//  2. A later frame is placed at source time + anchor. How late it comes is watched: the least
//     lateness of a window is the source clock's drift, the rest is the line's jitter.
//  3. Drift beyond kSlewStart is slewed away by at most kSlewPpmMax.
//  4. A frame that steps back, or ahead by more than kJumpMax against its own track, or a whole
//     window more than kOffMax late, makes a new anchor and is marked as a discontinuity.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "media/frame.h"

namespace butai::live {

class Timeline {
 public:
  struct Placed {
    std::int64_t dts = 0, pts = 0;  // ticks since the Unix epoch
    Utc when{};                     // dts as UTC
    bool discontinuity = false;
  };

  // `arrived`: when the frame came in, by the server's clock. dts per track then rises strictly
  // unless `discontinuity`.
  Placed place(const media::Frame& frame, std::uint32_t timescale, Utc arrived);
  // The source's times are the server's own UTC already (our encoder's): they stay as they are.
  void trust_source() { trusted_ = true; }
  // The next frame is anchored anew and marked.
  void restart();
  // UTC of the source's time 0; nothing before the first frame.
  std::optional<Micros> anchor() const;

 private:
  struct TrackState {
    bool seen = false;
    std::int64_t source_dts = 0;
    std::int64_t placed_dts = 0;
    Utc arrived{};
  };

  void anchor_at(Micros source, Utc arrived);
  bool jumps(const TrackState& track, std::int64_t dts, std::uint32_t timescale, Utc arrived) const;
  // Watches lateness; true when the window says: anchor anew.
  bool too_late_for_long(Micros lateness, Utc arrived);
  void slew(Micros elapsed);

  bool trusted_ = false;
  bool anchored_ = false;
  bool started_ = false;  // a first frame was placed; later anchors are discontinuities
  Micros anchor_{};       // UTC - source time
  Utc last_arrived_{};
  std::array<TrackState, media::kFirstRung> tracks_{};  // by TrackId
  Utc window_start_{};
  Micros window_least_{};
  bool slewing_ = false;
  Micros drift_{};
  std::int64_t slew_rest_ = 0;  // millionths of a microsecond not yet applied
};

}  // namespace butai::live
