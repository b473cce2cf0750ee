#include "package/track_writer.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "base/log.h"
#include "media/cmaf_writer.h"
#include "package/grid.h"
#include "package/limits.h"

namespace butai::package {

TrackWriter::TrackWriter(live::ChunkSink& sink, const media::Track& track, Micros segment,
                         std::size_t frames_per_chunk, Writing writing)
    : sink_(sink),
      track_(track),
      part_target_(part_target(track, segment).in(track.timescale).value),
      frames_per_chunk_(frames_per_chunk),
      writing_(writing) {}

void TrackWriter::open(const Cut& cut) {
  open_ = cut;
  open_->start = cut.start.in(track_.timescale);
  end_ = part_start_ = open_->start.value;
  part_chunks_ = 0;
  part_independent_ = false;
  empty_ = true;
  if (cut.keys != keys_) {
    keys_ = cut.keys;
    protector_.reset();
    auto made = drm::TrackProtector::make(track_, keys_);
    if (made) protector_.emplace(std::move(*made));
  }
  sink_.publish(
      live::SegmentOpened{track_.id, cut.number, open_->start, cut.init, cut.discontinuity});
}

std::int64_t TrackWriter::time_of(const media::Frame& frame) const {
  return frame.key ? frame.pts : frame.dts + offset_;
}

void TrackWriter::add(media::Frame frame, std::int64_t usual) {
  // A segment that had to begin without a key frame goes on with the offset of the one before.
  const std::int64_t offset = empty_ && frame.key ? frame.pts - frame.dts : offset_;
  if (track_.codec == media::Codec::H264) follow_on(frame, offset, usual);
  const std::int64_t time = frame.dts + offset;
  end_parts_before(time, usual);
  if (writing_ == Writing::Protected && !protect(frame)) return;
  offset_ = offset;
  empty_ = false;
  end_ = time + frame.duration;
  waiting_.push_back(std::move(frame));
  const bool part_ends = part_is_full(usual);
  if (part_ends || waiting_.size() >= frames_per_chunk_) flush_chunk();
  if (part_ends) close_part(end_);
}

bool TrackWriter::protect(const media::Frame& frame) {
  std::expected<void, drm::DrmError> added = std::unexpected(drm::DrmError::BadConfig);
  if (protector_) added = protector_->add(frame);
  if (added) return true;
  // One line for the 1st, 2nd, 4th, 8th, … of them.
  if (std::has_single_bit(++refused_)) {
    log::warning("a frame could not be protected and was left out",
                 {{"why", sentence(added.error())}, {"so far", refused_}});
  }
  return false;
}

void TrackWriter::close(Ticks next_start) {
  if (!open_) return;
  flush_chunk();
  const std::int64_t end = std::max(next_start.in(track_.timescale).value, open_->start.value);
  close_part(end);
  sink_.publish(live::SegmentClosed{track_.id, {end - open_->start.value, track_.timescale}});
  open_.reset();
}

// Step 1 of the class comment.
void TrackWriter::follow_on(media::Frame& frame, std::int64_t offset, std::int64_t usual) const {
  const std::int64_t late = frame.dts + offset - end_;
  const std::int64_t shortest = Ticks::from(kPictureMin, track_.timescale).value;
  frame.dts -= late;
  frame.pts = std::max(frame.pts, frame.dts);
  frame.duration = std::max({frame.duration + late, shortest, std::int64_t{1}});
  const std::int64_t room = part_start_ + part_target_ - end_;
  if (usual <= part_target_ && room > 0) frame.duration = std::min(frame.duration, room);
}

void TrackWriter::flush_chunk() {
  if (waiting_.empty()) return;
  const media::Frame& first = waiting_.front();
  const media::Frame& last = waiting_.back();
  auto chunk = std::make_shared<live::Chunk>();
  chunk->track = track_.id;
  chunk->start = {first.dts, track_.timescale};
  chunk->duration = {last.dts + last.duration - first.dts, track_.timescale};
  chunk->independent = first.key || track_.codec == media::Codec::Aac;
  chunk->init = open_->init;
  // Milliseconds of the time line: rises with every chunk and is the same on every node.
  const auto sequence = static_cast<std::uint32_t>(chunk->start.in(1000).value);
  chunk->bytes = writing_ == Writing::Protected ? protector_->write(waiting_, sequence)
                                                : media::write_chunk(track_, waiting_, sequence);
  chunk->captured = first.captured;
  part_independent_ |= chunk->independent;
  ++part_chunks_;
  waiting_.clear();
  sink_.publish(live::ChunkPtr(std::move(chunk)));
}

// The part lasts until `end`, or as long as a part may.
void TrackWriter::close_part(std::int64_t end) {
  if (part_chunks_ == 0) return;
  const std::int64_t duration = std::clamp<std::int64_t>(end - part_start_, 1, part_target_);
  sink_.publish(live::PartClosed{
      track_.id, {part_start_, track_.timescale}, {duration, track_.timescale}, part_independent_});
  part_start_ += duration;
  part_chunks_ = 0;
  part_independent_ = false;
}

// A frame at `time` begins another part when the frames before it are missing.
void TrackWriter::end_parts_before(std::int64_t time, std::int64_t usual) {
  const std::int64_t slack = std::min(usual / 4, part_target_ - least_part());
  if (time - part_start_ <= part_target_ - slack) return;
  flush_chunk();
  close_part(time);
  const std::int64_t without_frames = std::max<std::int64_t>(0, time - part_start_ + slack);
  part_start_ += without_frames / part_target_ * part_target_;
}

bool TrackWriter::part_is_full(std::int64_t usual) const {
  const std::int64_t filled = end_ - part_start_;
  return filled >= least_part() && filled + usual > part_target_ + usual / 4;
}

// 85 % of the target, rounded up: RFC 8216bis clause 4.4.4.9.
std::int64_t TrackWriter::least_part() const { return (part_target_ * 85 + 99) / 100; }

}  // namespace butai::package
