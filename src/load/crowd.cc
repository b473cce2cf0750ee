#include "load/crowd.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "load/instrument.h"
#include "load/limits.h"
#include "net/websocket_codec.h"

namespace butai::load {
namespace {

constexpr Micros kTurn{10'000};  // of housekeeping; its lateness is the probes' lag

// A pong nobody asked for, with an empty payload and an all-zero mask.
constexpr std::string_view kPong{"\x8a\x80\0\0\0\0", 6};

// A picture in CMAF, JPEG or FLV.
bool is_frame(ByteView beginning) {
  if (beginning.size() < MessageReader::kFirstBytes) return false;
  const std::string_view type = as_text(beginning.subspan(4, 4));
  return type == "prft" || type == "moof" || beginning[0] == 0x09 ||
         (beginning[0] == 0xff && beginning[1] == 0xd8);
}

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
  findings.add(others.findings);
  before.add(others.before);
}

Crowd::Crowd(CrowdOptions options)
    : options_(std::move(options)), viewers_(options_.viewers), scratch_(256 * 1024) {
  const int quarter = static_cast<int>(options_.kbit_per_second * 1000 / 8 / 4);
  low_water_ = std::clamp(quarter, kLowWaterMin, kLowWaterMax);
}

Crowd::~Crowd() {
  phase_.store(Phase::Over);
  if (thread_.joinable()) thread_.join();
}

void Crowd::start() {
  thread_ = std::thread([this] { run(); });
}

Tally Crowd::finish() {
  phase_.store(Phase::Over);
  if (thread_.joinable()) thread_.join();
  return std::move(tally_);
}

void Crowd::run() {
  if (options_.probes) become_instrument();
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  started_us_ = pongs_us_ = steady_micros();
  std::array<epoll_event, 512> events;
  std::int64_t next_turn = started_us_;
  while (phase_.load(std::memory_order_relaxed) != Phase::Over) {
    const std::int64_t wait = std::max<std::int64_t>(next_turn - steady_micros(), 0);
    const timespec patience{.tv_sec = 0, .tv_nsec = wait * 1'000};
    const int count = epoll_pwait2(epoll_, events.data(), events.size(), &patience, nullptr);
    for (int i = 0; i < count; ++i) {
      const std::size_t index = events[static_cast<std::size_t>(i)].data.u32;
      drive(viewers_[index], index);
    }
    const std::int64_t now = steady_micros();
    if (now < next_turn) continue;
    if (in_window_) tally_.lag.add(Micros{now - next_turn});
    housekeep(now);
    next_turn = std::max(next_turn + kTurn.count(), now);
  }
  close_window();
  for (Viewer& viewer : viewers_) viewer.link.close();
  ::close(epoll_);
}

void Crowd::housekeep(std::int64_t now) {
  if (!in_window_ && phase_.load(std::memory_order_relaxed) == Phase::Window) mark_window();
  join_those_due(now);
  for (; oldest_opening_ < begun_; ++oldest_opening_) {
    Viewer& viewer = viewers_[oldest_opening_];
    const bool opening = viewer.stage == Stage::Opening || viewer.stage == Stage::Head;
    if (!opening) continue;
    if (now - viewer.began_us < std::chrono::duration_cast<Micros>(kConnectMax).count()) break;
    fail(viewer, "no answer in 20 s");
  }
  if (options_.slow_percent > 0) drag();
  if (!options_.websocket) return;
  if (now - pongs_us_ < std::chrono::duration_cast<Micros>(kPongEvery).count()) return;
  pongs_us_ = now;
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

void Crowd::join_those_due(std::int64_t now) {
  const double elapsed = static_cast<double>(now - started_us_) / 1e6;
  const auto due = std::min<std::size_t>(
      static_cast<std::size_t>(elapsed * options_.joins_per_second) + 1, viewers_.size());
  for (; begun_ < due; ++begun_) {
    Viewer& viewer = viewers_[begun_];
    viewer.began_us = started_us_ + static_cast<std::int64_t>(static_cast<double>(begun_) * 1e6 /
                                                              options_.joins_per_second);
    viewer.stage = Stage::Opening;
    viewer.stalled = begun_ % 100 < options_.stalled_percent;
    viewer.slow =
        !viewer.stalled && begun_ % 100 < options_.stalled_percent + options_.slow_percent;
    if (!viewer.link.begin(options_.target, &tls_, begun_)) {
      fail(viewer, std::strerror(errno));
      continue;
    }
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
    event.data.u32 = static_cast<std::uint32_t>(begun_);
    epoll_ctl(epoll_, EPOLL_CTL_ADD, viewer.link.descriptor(), &event);
  }
}

void Crowd::drive(Viewer& viewer, std::size_t index) {
  switch (viewer.stage) {
    case Stage::Opening: {
      const Link::State state = viewer.link.advance();
      if (state == Link::State::Failed) return fail(viewer, "cannot be reached");
      if (state != Link::State::Open) return;
      if (!viewer.link.write(options_.request)) return fail(viewer, "takes no request");
      viewer.stage = Stage::Head;
      epoll_event event{.events = EPOLLIN, .data = {}};
      event.data.u32 = static_cast<std::uint32_t>(index);
      epoll_ctl(epoll_, EPOLL_CTL_MOD, viewer.link.descriptor(), &event);
      return;
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
  opened_.fetch_add(1, std::memory_order_relaxed);
  ++tally_.opened;
  tally_.connect.add(Micros{steady_micros() - viewer.began_us});
  viewer.live_from = utc_now();
  viewer.stage = options_.probes ? Stage::Probing : Stage::First;
  if (!options_.websocket) return note_first(viewer);
  viewer.reader = std::make_unique<MessageReader>(
      options_.probes ? MessageReader::Keep::Everything : MessageReader::Keep::FirstBytes);
  if (options_.probes) {
    viewer.examiner = std::make_unique<Examiner>(in_window_ ? tally_.findings : tally_.before);
  }
}

void Crowd::take_bytes(Viewer& viewer, ByteView bytes) {
  if (!viewer.reader) return;
  const bool sane = viewer.reader->feed(bytes, [&](const MessageReader::Message& message) {
    if (message.opcode == net::Opcode::Close) return false;
    if (message.opcode == net::Opcode::Text) {
      const bool gap = as_text(message.bytes).find("\"gap\"") != std::string_view::npos;
      if (gap && viewer.examiner) ++(in_window_ ? tally_.findings : tally_.before).told_gaps;
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
  first_frames_.fetch_add(1, std::memory_order_relaxed);
  tally_.first_frame.add(Micros{steady_micros() - viewer.began_us});
  if (viewer.link.secure()) tls_.remember(viewer.link.ssl());
  if (!options_.probes) settle_down(viewer);
}

void Crowd::settle_down(Viewer& viewer) {
  viewer.reader.reset();
  if (viewer.slow || viewer.stalled) {
    viewer.stage = Stage::Dragging;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, viewer.link.descriptor(), nullptr);
    return;
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
    failed_.fetch_add(1, std::memory_order_relaxed);
  }
  viewer.stage = Stage::Gone;
  viewer.link.close();
}

void Crowd::mark_window() {
  in_window_ = true;
  for (Viewer& viewer : viewers_) {
    viewer.at_window = viewer.bytes + viewer.link.waiting();
    if (viewer.examiner) viewer.examiner->go_on_with(tally_.findings);
  }
}

void Crowd::close_window() {
  if (!in_window_) return;
  for (const Viewer& viewer : viewers_) {
    const bool healthy = viewer.stage == Stage::Probing || viewer.stage == Stage::Discarding;
    if (!healthy || viewer.slow || viewer.stalled) continue;
    tally_.bytes.push_back(viewer.bytes + viewer.link.waiting() - viewer.at_window);
  }
}

}  // namespace butai::load
