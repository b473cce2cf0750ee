#include "load/examiner.h"

#include "load/limits.h"
#include "load/material.h"
#include "media/box_reader.h"
#include "media/h264.h"
#include "media/jpeg.h"

namespace butai::load {

void Findings::add(const Findings& others) {
  frames += others.frames;
  sounds += others.sounds;
  missing += others.missing;
  out_of_order += others.out_of_order;
  damaged += others.damaged;
  unreadable += others.unreadable;
  told_gaps += others.told_gaps;
  latency.add(others.latency);
}

void Examiner::take(ByteView bytes, Utc now, Utc live_from) {
  media::looks_like_jpeg(bytes) ? take_jpeg(bytes, now, live_from)
                                : take_chunks(bytes, now, live_from);
}

void Examiner::take_chunks(ByteView bytes, Utc now, Utc live_from) {
  static constexpr std::string_view kInit = "ftyp";
  if (bytes.size() > 8 && as_text(bytes.subspan(4, 4)) == kInit) return;
  while (!bytes.empty()) {
    ByteView rest;
    const auto chunk = media::parse_chunk(bytes, &rest);
    if (!chunk) {
      ++findings_->unreadable;
      return;
    }
    bytes = rest;
    const bool video = chunk->track == media::kVideoTrack;
    std::int64_t time = chunk->base_decode_time;
    for (const media::Sample& sample : chunk->samples) {
      if (contents_ == Contents::Sealed) {
        take_time(video ? next_picture_ : next_sound_, time, sample.duration);
        time += sample.duration;
      } else {
        const auto mark = video ? mark_of_picture(sample.bytes) : mark_of_sound(sample.bytes);
        if (!mark) {
          ++findings_->unreadable;
          continue;
        }
        if (!mark->whole) ++findings_->damaged;
        take_number(video ? last_picture_ : last_sound_, mark->number);
      }
      ++(video ? findings_->frames : findings_->sounds);
      const auto captured = video ? media::find_capture(sample.bytes) : std::nullopt;
      if (captured && *captured >= live_from) findings_->latency.add(now - *captured);
    }
  }
}

void Examiner::take_jpeg(ByteView bytes, Utc now, Utc live_from) {
  const auto info = media::inspect_jpeg(bytes, kMessageBytesMax);
  const auto mark = mark_of_jpeg(bytes);
  if (!info || !mark) {
    ++findings_->unreadable;
    return;
  }
  if (!mark->whole) ++findings_->damaged;
  ++findings_->frames;
  take_number(last_picture_, mark->number);
  if (info->captured >= live_from) findings_->latency.add(now - info->captured);
}

// Half a frame is rounding; more is a frame that should have been there, or was there before.
void Examiner::take_time(std::optional<std::int64_t>& next, std::int64_t time,
                         std::int64_t duration) {
  const std::int64_t off = next ? time - *next : 0;
  if (2 * off < -duration) {
    ++findings_->out_of_order;
    return;
  }
  if (2 * off > duration && duration > 0) {
    findings_->missing += static_cast<std::uint64_t>((2 * off + duration) / (2 * duration));
  }
  next = time + duration;
}

void Examiner::take_number(std::optional<std::uint64_t>& last, std::uint64_t number) {
  if (last && number <= *last) {
    ++findings_->out_of_order;
    return;
  }
  if (last) findings_->missing += number - *last - 1;
  last = number;
}

}  // namespace butai::load
