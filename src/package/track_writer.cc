#include "package/track_writer.h"

#include <memory>
#include <utility>

#include "media/cmaf_writer.h"
#include "package/grid.h"
#include "package/limits.h"

namespace butai::package {

TrackWriter::TrackWriter(live::ChunkSink& sink, const media::Track& track, Micros segment,
                         std::size_t frames_per_chunk)
    : sink_(sink),
      track_(track),
      part_target_(part_target(track, segment).in(track.timescale).value),
      frames_per_chunk_(frames_per_chunk) {}

void TrackWriter::open(const Cut& cut) {
  open_ = cut;
  open_->start = cut.start.in(track_.timescale);
  if (cut.expected_end) open_->expected_end = cut.expected_end->in(track_.timescale);
  end_ = part_start_ = open_->start.value;
  part_chunks_ = 0;
  part_independent_ = false;
  empty_ = true;
  sink_.publish(
      live::SegmentOpened{track_.id, cut.number, open_->start, cut.init, cut.discontinuity});
}

void TrackWriter::add(media::Frame frame, std::int64_t usual) {
  // A segment that had to begin without a key frame goes on with the offset of the one before.
  if (empty_ && frame.key) offset_ = frame.pts - frame.dts;
  empty_ = false;
  end_ = frame.dts + offset_ + frame.duration;
  waiting_.push_back(std::move(frame));
  const bool part_ends = part_is_full(usual) || at_expected_end(usual);
  if (part_ends || waiting_.size() >= frames_per_chunk_) flush_chunk();
  if (part_ends) close_part();
}

void TrackWriter::close(Ticks next_start) {
  if (!open_) return;
  flush_chunk();
  close_part();
  const std::int64_t next = next_start.in(track_.timescale).value;
  const std::int64_t gap_max = Ticks::from(kGapMax, track_.timescale).value;
  // A segment without frames lasts as long as its neighbours say.
  const bool continues = next > open_->start.value && (empty_ || next - end_ <= gap_max);
  const std::int64_t end = continues ? next : end_;
  sink_.publish(live::SegmentClosed{track_.id, {end - open_->start.value, track_.timescale}});
  open_.reset();
}

void TrackWriter::flush_chunk() {
  if (waiting_.empty()) return;
  const media::Frame& first = waiting_.front();
  const media::Frame& last = waiting_.back();
  auto chunk = std::make_shared<live::Chunk>();
  chunk->track = track_.id;
  chunk->start = {first.dts, track_.timescale};
  chunk->duration = {last.dts + last.duration - first.dts, track_.timescale};
  chunk->independent = first.key || track_.id == media::kAudioTrack;
  chunk->init = open_->init;
  // Milliseconds of the time line: rises with every chunk and is the same on every node.
  const auto sequence = static_cast<std::uint32_t>(chunk->start.in(1000).value);
  chunk->bytes = media::write_chunk(track_, waiting_, sequence);
  chunk->captured = first.captured;
  part_independent_ |= chunk->independent;
  ++part_chunks_;
  waiting_.clear();
  sink_.publish(live::ChunkPtr(std::move(chunk)));
}

void TrackWriter::close_part() {
  if (part_chunks_ == 0) return;
  sink_.publish(live::PartClosed{track_.id,
                                 {part_start_, track_.timescale},
                                 {end_ - part_start_, track_.timescale},
                                 part_independent_});
  part_start_ = end_;
  part_chunks_ = 0;
  part_independent_ = false;
}

bool TrackWriter::part_is_full(std::int64_t usual) const {
  return end_ - part_start_ + usual > part_target_ + usual / 4;
}

bool TrackWriter::at_expected_end(std::int64_t usual) const {
  if (!open_->expected_end) return false;
  const std::int64_t expected = open_->expected_end->value - usual / 2;
  // Once: a segment that goes on after all has parts of the usual length again.
  return part_start_ < expected && end_ >= expected;
}

}  // namespace butai::package
