#include "package/follower.h"

#include <algorithm>
#include <cstdlib>
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
  const bool sound = writer_.track().codec == media::Codec::Aac;
  while (reaches_cut(frame)) {
    if (sound) {
      begin_with(frame);
    } else {
      begin();
    }
  }
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
  last_dts_.reset();
}

// Whether the frame's middle lies at or after the oldest cut.
bool Follower::reaches_cut(const media::Frame& frame) const {
  if (cuts_.empty()) return false;
  const std::int64_t start = cuts_.front().start.in(writer_.track().timescale).value;
  return frame.pts + frame.duration / 2 >= start;
}

// A frame that follows on begins where the one before ends; the first of all, and one near its cut
// after a hole, where it is. Segments that it only passes keep their cut.
void Follower::begin_with(media::Frame& sound) {
  const std::uint32_t timescale = writer_.track().timescale;
  const std::int64_t half = sound.duration / 2;
  const bool passes = cuts_.size() > 1 && sound.pts + half >= cuts_[1].start.in(timescale).value;
  if (passes) return begin();
  const bool follows =
      writer_.is_open() && !writer_.is_empty() && std::abs(sound.pts - writer_.end().value) <= half;
  const std::int64_t place = follows ? writer_.end().value : sound.pts;
  const bool near = place - cuts_.front().start.in(timescale).value <= sound.duration;
  if (follows || !writer_.is_open() || (near && place >= writer_.end().value)) {
    cuts_.front().start = {place, timescale};
    sound.dts = sound.pts = place;
  }
  begin();
}

// Sound may have gone on while the picture stood still: its segment begins behind what is there.
void Follower::begin() {
  Cut cut = cuts_.front();
  cuts_.pop_front();
  const bool sound = writer_.track().codec == media::Codec::Aac;
  if (sound && writer_.is_open() && !writer_.is_empty()) {
    const Ticks end = writer_.end();
    cut.start = {std::max(cut.start.in(end.timescale).value, end.value), end.timescale};
  }
  writer_.close(cut.start);
  writer_.open(cut);
}

}  // namespace butai::package
