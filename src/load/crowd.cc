#include "load/crowd.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "load/instrument.h"
#include "load/limits.h"
#include "net/websocket_codec.h"

namespace butai::load {
namespace {

constexpr Micros kTurn{10'000};  // of housekeeping; its lateness is the thread's lag

// A pong nobody asked for, with an empty payload and an all-zero mask.
constexpr std::string_view kPong{"\x8a\x80\0\0\0\0", 6};

}  // namespace

void Tally::add(const Tally& others) {
  opened += others.opened;
  failed += others.failed;
  closed += others.closed;
  for (const auto& [why, count] : others.reasons) reasons[why] += count;
  bytes.insert(bytes.end(), others.bytes.begin(), others.bytes.end());
  cut_off += others.cut_off;
  connect.add(others.connect);
  first_frame.add(others.first_frame);
  lag.add(others.lag);
  sink_lag.add(others.sink_lag);
  findings.add(others.findings);
  before.add(others.before);
}

Crowd::Crowd(CrowdOptions options)
    : CrowdThread(options.viewers, options.joins_per_second),
      options_(std::move(options)),
      viewers_(options_.viewers),
      scratch_(256 * 1024) {
  const int quarter = static_cast<int>(options_.kbit_per_second * 1000 / 8 / 4);
  low_water_ = std::clamp(quarter, kLowWaterMin, kLowWaterMax);
}

Tally Crowd::finish() {
  stop();
  return std::move(tally_);
}

void Crowd::begin(std::int64_t now_us) {
  if (options_.probes) become_instrument();
  pongs_us_ = now_us;
}

std::int64_t Crowd::turn(std::int64_t now_us, std::int64_t due_us) {
  // Sinks wait for a core as clients do: it says nothing of what probes measure.
  if (in_window()) (options_.probes ? tally_.lag : tally_.sink_lag).add(Micros{now_us - due_us});
  for (; oldest_opening_ < begun(); ++oldest_opening_) {
    Viewer& viewer = viewers_[oldest_opening_];
    const bool opening = viewer.stage == Stage::Opening || viewer.stage == Stage::Head;
    if (!opening) continue;
    if (now_us - viewer.began_us < std::chrono::duration_cast<Micros>(kConnectMax).count()) break;
    fail(viewer, "no answer in 20 s");
  }
  if (options_.slow_percent > 0) drag();
  if (options_.websocket &&
      now_us - pongs_us_ >= std::chrono::duration_cast<Micros>(kPongEvery).count()) {
    pongs_us_ = now_us;
    send_pongs();
  }
  return std::max(due_us + kTurn.count(), now_us);
}

void Crowd::send_pongs() {
  for (Viewer& viewer : viewers_) {
    const bool open = viewer.stage == Stage::Probing || viewer.stage == Stage::Discarding ||
                      viewer.stage == Stage::First;
    if (open && !viewer.link.write(kPong)) fail(viewer, "takes no pong");
  }
}

// Half of what they should get, a hundredth of a second at a time.
void Crowd::drag() {
  const std::size_t crumb = options_.kbit_per_second * 1000UL / 8 / 2 / 100;
  for (Viewer& viewer : viewers_) {
    if (viewer.stage != Stage::Dragging || viewer.stalled) continue;
    const long got = viewer.link.read(std::span(scratch_).first(std::min(crumb, scratch_.size())));
    if (got < 0) fail(viewer, "closed");
    if (got > 0) viewer.bytes += static_cast<std::size_t>(got);
  }
}

int Crowd::join(std::size_t index, std::int64_t due_us) {
  Viewer& viewer = viewers_[index];
  viewer.began_us = due_us;
  viewer.stage = Stage::Opening;
  viewer.stalled = index % 100 < options_.stalled_percent;
  viewer.slow = !viewer.stalled && index % 100 < options_.stalled_percent + options_.slow_percent;
  if (!viewer.link.begin(options_.target, &tls_, index)) fail(viewer, std::strerror(errno));
  return viewer.link.descriptor();
}

void Crowd::drive(std::size_t index) {
  Viewer& viewer = viewers_[index];
  switch (viewer.stage) {
    case Stage::Opening: {
      const Link::State state = viewer.link.advance();
      if (state == Link::State::Failed) return fail(viewer, "cannot be reached");
      if (state != Link::State::Open) return;
      if (!viewer.link.write(options_.request)) return fail(viewer, "takes no request");
      viewer.stage = Stage::Head;
      return watch_level(viewer.link.descriptor(), index);
    }
    case Stage::Head:
    case Stage::First:
    case Stage::Probing:
      return read(viewer);
    case Stage::Discarding: {
      const long got = viewer.link.discard();
      if (got < 0) return fail(viewer, "closed");
      viewer.bytes += static_cast<std::size_t>(got);
      return;
    }
    case Stage::Idle:
    case Stage::Dragging:
    case Stage::Gone:
      return;
  }
}

void Crowd::read(Viewer& viewer) {
  // A probe reads until there is no more; the others once, until their first frame has come.
  while (viewer.stage == Stage::Head || viewer.stage == Stage::First ||
         viewer.stage == Stage::Probing) {
    const long got = viewer.link.read(scratch_);
    if (got < 0) return fail(viewer, "closed");
    if (got == 0) return;
    const ByteView bytes = ByteView(scratch_).first(static_cast<std::size_t>(got));
    viewer.bytes += bytes.size();
    viewer.stage == Stage::Head ? take_head(viewer, bytes) : take_bytes(viewer, bytes);
    if (!viewer.link.secure() && static_cast<std::size_t>(got) < scratch_.size()) return;
  }
}

void Crowd::take_head(Viewer& viewer, ByteView bytes) {
  viewer.head.insert(viewer.head.end(), bytes.begin(), bytes.end());
  const std::string_view text = as_text(viewer.head);
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (text.size() > kHeadBytesMax) fail(viewer, "answers what is not HTTP");
    return;
  }
  const std::string_view status = text.substr(0, text.find("\r\n"));
  if (status.find(options_.websocket ? " 101" : " 200") == std::string_view::npos) {
    return fail(viewer, std::string(status));
  }
  take_open(viewer);
  const std::vector<std::uint8_t> head = std::move(viewer.head);
  viewer.head = {};
  const ByteView rest = ByteView(head).subspan(end + 4);
  if (!rest.empty()) take_bytes(viewer, rest);
}

void Crowd::take_open(Viewer& viewer) {
  count_opened();
  ++tally_.opened;
  tally_.connect.add(Micros{steady_micros() - viewer.began_us});
  viewer.live_from = utc_now();
  viewer.stage = options_.probes ? Stage::Probing : Stage::First;
  if (!options_.websocket) return note_first(viewer);
  viewer.reader = std::make_unique<MessageReader>(
      options_.probes ? MessageReader::Keep::Everything : MessageReader::Keep::FirstBytes);
  if (options_.probes) {
    viewer.examiner = std::make_unique<Examiner>(in_window() ? tally_.findings : tally_.before);
  }
}

void Crowd::take_bytes(Viewer& viewer, ByteView bytes) {
  if (!viewer.reader) return;
  const bool sane = viewer.reader->feed(bytes, [&](const MessageReader::Message& message) {
    if (message.opcode == net::Opcode::Close) return false;
    if (message.opcode == net::Opcode::Text) {
      const bool gap = as_text(message.bytes).find("\"gap\"") != std::string_view::npos;
      if (gap && viewer.examiner) ++(in_window() ? tally_.findings : tally_.before).told_gaps;
      return true;
    }
    if (message.opcode != net::Opcode::Binary) return true;
    if (viewer.examiner) viewer.examiner->take(message.bytes, utc_now(), viewer.live_from);
    if (viewer.first_seen || !is_frame(message.bytes)) return true;
    note_first(viewer);
    if (!options_.probes) return false;
    return true;
  });
  if (!sane) fail(viewer, "sends what is no WebSocket");
}

void Crowd::note_first(Viewer& viewer) {
  viewer.first_seen = true;
  tally_.first_frame.add(Micros{steady_micros() - viewer.began_us});
  if (viewer.link.secure()) tls_.remember(viewer.link.ssl());
  if (!options_.probes) settle_down(viewer);
}

void Crowd::settle_down(Viewer& viewer) {
  viewer.reader.reset();
  if (viewer.slow || viewer.stalled) {
    viewer.stage = Stage::Dragging;
    return watch_no_more(viewer.link.descriptor());
  }
  viewer.stage = Stage::Discarding;
  viewer.link.wake_at(low_water_);
}

void Crowd::fail(Viewer& viewer, const std::string& why) {
  const bool was_open =
      viewer.stage != Stage::Opening && viewer.stage != Stage::Head && viewer.stage != Stage::Idle;
  if (was_open) {
    // Those who drag are meant to be closed at last.
    ++(viewer.slow || viewer.stalled ? tally_.cut_off : tally_.closed);
  } else {
    ++tally_.failed;
    ++tally_.reasons[why];
    count_failed();
  }
  viewer.stage = Stage::Gone;
  viewer.link.close();
}

void Crowd::enter_window() {
  for (Viewer& viewer : viewers_) {
    viewer.at_window = viewer.bytes + viewer.link.waiting();
    if (viewer.examiner) viewer.examiner->go_on_with(tally_.findings);
  }
}

void Crowd::end() {
  for (Viewer& viewer : viewers_) {
    const bool healthy = viewer.stage == Stage::Probing || viewer.stage == Stage::Discarding;
    if (in_window() && healthy && !viewer.slow && !viewer.stalled) {
      tally_.bytes.push_back(viewer.bytes + viewer.link.waiting() - viewer.at_window);
    }
    viewer.link.close();
  }
}

}  // namespace butai::load
