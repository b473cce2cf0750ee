#include "package/follower.h"

#include <algorithm>
#include <utility>

#include "package/limits.h"

namespace butai::package {

Follower::Follower(live::ChunkSink& sink, const media::Track& track, Micros segment,
                   std::size_t frames_per_chunk, Writing writing)
    : writer_(sink, track, segment, frames_per_chunk, writing), rate_(track) {}

void Follower::add(media::Frame frame) {
  if (frame.data.empty() || (last_dts_ && frame.dts <= *last_dts_)) return;
  last_dts_ = frame.dts;
  frame.duration = rate_.predict(frame);
  while (reaches_cut(frame)) begin();
  const bool of_closed =
      !writer_.is_open() || frame.pts + frame.duration / 2 < writer_.segment().start.value;
  if (of_closed || (writer_.is_empty() && !frame.key)) return;
  writer_.add(std::move(frame), rate_.usual());
}

void Follower::keep_up(Ticks reached) {
  const Ticks patience = Ticks::from(kLadderBehindMax, reached.timescale);
  while (!cuts_.empty() &&
         reached.value - cuts_.front().start.in(reached.timescale).value > patience.value) {
    begin();
  }
}

void Follower::finish(Ticks end) {
  while (!cuts_.empty()) begin();
  writer_.close(writer_.end_or(end));
  rate_.restart();
}

// Whether the frame's middle lies at or after the oldest cut.
bool Follower::reaches_cut(const media::Frame& frame) const {
  if (cuts_.empty()) return false;
  const std::int64_t start = cuts_.front().start.in(writer_.track().timescale).value;
  return frame.pts + frame.duration / 2 >= start;
}

void Follower::begin() {
  Cut cut = cuts_.front();
  cuts_.pop_front();
  writer_.close(cut.start);
  writer_.open(cut);
}

}  // namespace butai::package
