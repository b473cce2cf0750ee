#include "load/segment_crowd.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "load/instrument.h"
#include "load/limits.h"

namespace butai::load {
namespace {

constexpr std::int64_t kPeriodUs = 2'000'000;  // of a segment
constexpr std::size_t kPhases = 200;           // of a period: rounds begin every 10 ms
constexpr std::int64_t kPhaseUs = kPeriodUs / static_cast<std::int64_t>(kPhases);
// An answer may be shorter than the guide's by what counts seconds in its head.
constexpr std::int64_t kSlackBytes = 16;

}  // namespace

SegmentCrowd::SegmentCrowd(Options options, const Guide& guide)
    : CrowdThread(options.viewers, options.joins_per_second),
      options_(std::move(options)),
      guide_(guide),
      viewers_(options_.viewers),
      phases_(kPhases),
      scratch_(256 * 1024) {
  for (std::size_t i = 0; i < viewers_.size(); ++i) {
    viewers_[i].probe = i % 100 < options_.probe_percent;
    phases_[i * 7919 % kPhases].push_back(i);
  }
}

SegmentTally SegmentCrowd::finish() {
  stop();
  return std::move(tally_);
}

void SegmentCrowd::begin(std::int64_t now_us) {
  guidance_ = guide_.now();
  next_phase_us_ = now_us;
}

void SegmentCrowd::end() {
  for (Viewer& viewer : viewers_) viewer.link.close();
}

int SegmentCrowd::join(std::size_t index, std::int64_t) {
  Viewer& viewer = viewers_[index];
  viewer.stage = Stage::Opening;
  if (!viewer.link.begin(options_.target, &tls_, index)) fail(viewer, std::strerror(errno));
  return viewer.link.descriptor();
}

// The rounds that are due.
std::int64_t SegmentCrowd::turn(std::int64_t now_us, std::int64_t due_us) {
  if (in_window()) tally_.lag.add(Micros{now_us - due_us});
  if (guide_.version() != guidance_.version) guidance_ = guide_.now();
  while (next_phase_us_ <= now_us) {
    for (const std::size_t index : phases_[phase_]) {
      Viewer& viewer = viewers_[index];
      const bool busy = viewer.stage == Stage::Playlist || viewer.stage == Stage::Segment;
      if (busy && in_window()) ++tally_.missed;
      if (viewer.stage == Stage::Resting) begin_round(viewer, next_phase_us_);
    }
    phase_ = (phase_ + 1) % kPhases;
    next_phase_us_ += kPhaseUs;
  }
  return next_phase_us_;
}

void SegmentCrowd::begin_round(Viewer& viewer, std::int64_t due_us) {
  if (guidance_.tracks.empty()) return;
  viewer.due_us = due_us;
  viewer.track = 0;
  viewer.had.resize(guidance_.tracks.size());
  while (viewer.probe && viewer.examiners.size() < guidance_.tracks.size()) {
    viewer.examiners.push_back(std::make_unique<Examiner>(tally_.findings));
  }
  ask_playlist(viewer);
}

void SegmentCrowd::ask_playlist(Viewer& viewer) {
  const Guidance::Track& track = guidance_.tracks[viewer.track];
  // It grows and shrinks by a line between the guide's look and ours, and comes in one piece.
  ask(viewer, Stage::Playlist, track.playlist,
      static_cast<std::int64_t>(track.playlist_wire_bytes / 2));
}

bool SegmentCrowd::ask_segment(Viewer& viewer) {
  const Guidance::Segment* next = guidance_.tracks[viewer.track].after(viewer.had[viewer.track]);
  if (next == nullptr) return false;
  viewer.had[viewer.track] = next->number;
  ask(viewer, Stage::Segment, next->path,
      static_cast<std::int64_t>(next->wire_bytes) - kSlackBytes);
  return true;
}

void SegmentCrowd::ask(Viewer& viewer, Stage what, const std::string& path, std::int64_t expected) {
  if (!viewer.probe && viewer.read_once) drain(viewer);
  if (viewer.stage == Stage::Gone) return;
  viewer.stage = what;
  viewer.received = 0;
  viewer.answer.clear();
  viewer.expected = expected;
  if (!viewer.link.write(get_request(options_.target, path, options_.token))) {
    return fail(viewer, "takes no request");
  }
  const int low = static_cast<int>(std::clamp<std::int64_t>(expected, 1, kLowWaterMax));
  viewer.link.wake_at(viewer.probe || !viewer.read_once ? 1 : low);
}

void SegmentCrowd::drain(Viewer& viewer) {
  const long got = viewer.link.discard();
  if (got < 0) return fail(viewer, "closed");
  viewer.received += got;
  if (in_window()) tally_.bytes += static_cast<std::uint64_t>(got);
}

void SegmentCrowd::drive(std::size_t index) {
  Viewer& viewer = viewers_[index];
  if (viewer.stage == Stage::Opening) {
    const Link::State state = viewer.link.advance();
    if (state == Link::State::Failed) return fail(viewer, "cannot be reached");
    if (state != Link::State::Open) return;
    viewer.stage = Stage::Resting;
    ++tally_.opened;
    count_opened();
    // At once: a server limits connections that ask for nothing.
    return begin_round(viewer, steady_micros());
  }
  if (viewer.stage == Stage::Gone) return;
  // Edge-triggered: to the end. The first answer is read by all, for the session ticket before it.
  if (viewer.probe || !viewer.read_once) return take_probe(viewer);
  const std::int64_t before = viewer.received;
  drain(viewer);
  if (viewer.stage == Stage::Gone || viewer.stage == Stage::Resting) return;
  if (viewer.received == before) return;
  if (viewer.received >= viewer.expected) return next_step(viewer);
  const std::int64_t left = viewer.expected - viewer.received;
  viewer.link.wake_at(static_cast<int>(std::clamp<std::int64_t>(left, 1, kLowWaterMax)));
}

void SegmentCrowd::take_probe(Viewer& viewer) {
  while (true) {
    const long got = viewer.link.read(scratch_);
    if (got < 0) return fail(viewer, "closed");
    if (got == 0) break;
    if (in_window()) tally_.bytes += static_cast<std::uint64_t>(got);
    viewer.answer.insert(viewer.answer.end(), scratch_.begin(), scratch_.begin() + got);
  }
  const AnswerHead head = read_answer_head(as_text(viewer.answer));
  if (head.bytes == 0 || viewer.answer.size() < head.bytes + head.body) return;
  if (head.status != 200) return fail(viewer, "answers " + std::to_string(head.status));
  if (viewer.probe && viewer.stage == Stage::Segment) {
    const ByteView body = ByteView(viewer.answer).subspan(head.bytes);
    viewer.examiners[viewer.track]->take(body, utc_now(), utc_now());
  }
  if (!std::exchange(viewer.read_once, true) && viewer.link.secure()) {
    tls_.remember(viewer.link.ssl());
  }
  next_step(viewer);
}

void SegmentCrowd::next_step(Viewer& viewer) {
  if (ask_segment(viewer)) return;
  if (++viewer.track < guidance_.tracks.size()) return ask_playlist(viewer);
  viewer.stage = Stage::Resting;
  if (!in_window()) return;
  ++tally_.rounds;
  tally_.round_time.add(Micros{steady_micros() - viewer.due_us});
}

void SegmentCrowd::fail(Viewer& viewer, const std::string& why) {
  if (viewer.stage == Stage::Gone) return;
  if (viewer.stage == Stage::Opening) {
    ++tally_.failed;
    count_failed();
  } else {
    ++tally_.closed;
  }
  ++tally_.reasons[why];
  viewer.stage = Stage::Gone;
  viewer.link.close();
}

}  // namespace butai::load
