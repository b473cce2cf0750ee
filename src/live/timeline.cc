#include "live/timeline.h"

#include <algorithm>

#include "live/limits.h"

namespace butai::live {

Timeline::Placed Timeline::place(const media::Frame& frame, std::uint32_t timescale, Utc arrived) {
  TrackState& track = tracks_.at(frame.track);
  const Micros source = Ticks{frame.dts, timescale}.micros();
  Placed placed;

  if (trusted_) {
    placed.discontinuity = started_ && !anchored_;
    anchored_ = true;
  } else if (!anchored_ || jumps(track, frame.dts, timescale, arrived)) {
    placed.discontinuity = started_;
    anchor_at(source, arrived);
  } else {
    const Micros lateness = arrived - (Utc{anchor_} + source);
    slew(arrived - last_arrived_);
    if (too_late_for_long(lateness, arrived)) {
      placed.discontinuity = true;
      anchor_at(source, arrived);
    }
  }
  started_ = true;
  last_arrived_ = arrived;

  const std::int64_t shift = Ticks::from(anchor_, timescale).value;
  placed.dts = frame.dts + shift;
  // A slewing anchor can take a tick away from a very short frame.
  if (track.seen && !placed.discontinuity && placed.dts <= track.placed_dts) {
    placed.dts = track.placed_dts + 1;
  }
  placed.pts = std::max(placed.dts, frame.pts + shift);
  placed.when = Ticks{placed.dts, timescale}.utc();
  track = {true, frame.dts, placed.dts, arrived};
  return placed;
}

void Timeline::restart() { anchored_ = false; }

std::optional<Micros> Timeline::anchor() const {
  return anchored_ ? std::optional(anchor_) : std::nullopt;
}

void Timeline::anchor_at(Micros source, Utc arrived) {
  // Whole milliseconds: addresses stay short and two tracks round alike.
  anchor_ = std::chrono::round<Millis>(arrived.time_since_epoch() - source);
  anchored_ = true;
  slewing_ = false;
  drift_ = {};
  window_start_ = arrived;
  window_least_ = Micros::max();
  for (TrackState& track : tracks_) track.seen = false;
}

bool Timeline::jumps(const TrackState& track, std::int64_t dts, std::uint32_t timescale,
                     Utc arrived) const {
  if (!track.seen) return false;
  const Micros step = Ticks{dts - track.source_dts, timescale}.micros();
  if (step <= Micros{0}) return true;
  const Micros waited = std::max(arrived - track.arrived, Micros{0});
  return step > kJumpMax + waited;
}

bool Timeline::too_late_for_long(Micros lateness, Utc arrived) {
  window_least_ = std::min(window_least_, lateness);
  if (arrived - window_start_ < kLateWindow) return false;
  const Micros drift = window_least_;
  window_start_ = arrived;
  window_least_ = Micros::max();
  if (drift > kOffMax) return true;
  // Far ahead is not drift: that is a file sent as fast as we take it (live::Input holds it).
  const bool ahead_by_pace = drift < -kEarlyMax;
  const Micros size = drift < Micros{0} ? -drift : drift;
  if (!slewing_ && size > kSlewStart && !ahead_by_pace) slewing_ = true;
  if (slewing_ && (size < kSlewStop || ahead_by_pace)) slewing_ = false;
  drift_ = drift;
  return false;
}

void Timeline::slew(Micros elapsed) {
  if (!slewing_ || elapsed <= Micros{0}) return;
  // Late frames (drift > 0) move the anchor forward: the source's clock runs slow.
  slew_rest_ += (drift_ > Micros{0} ? 1 : -1) * elapsed.count() * kSlewPpmMax;
  const std::int64_t whole = slew_rest_ / 1'000'000;
  slew_rest_ -= whole * 1'000'000;
  anchor_ += Micros{whole};
}

}  // namespace butai::live
