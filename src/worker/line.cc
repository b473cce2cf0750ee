#include "worker/line.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "media/h264.h"
#include "worker/child.h"
#include "worker/container_scanner.h"
#include "worker/limits.h"
#include "worker/message_codec.h"
#include "worker/replay.h"

namespace butai::worker {
namespace {

const char* name_of(Job job) {
  switch (job) {
    case Job::Demux:
      return "demux";
    case Job::Jpeg:
      return "jpeg";
    case Job::Capture:
      return "capture";
    case Job::Ladder:
      return "ladder";
    case Job::Meter:
      return "meter";
    case Job::Still:
      return "still";
  }
  return "?";
}

}  // namespace

// Keeps the child running. A child is started in advance, before the first byte, so that its start
// costs no latency; each gets the configuration first and, if it replaces a dead one, the header.
struct Line::Impl final : ChildListener, std::enable_shared_from_this<Line::Impl> {
  Impl(net::Loop& l, const Clock& c, LineOptions o, LineListener& listener)
      : loop(l), clock(c), options(std::move(o)), told(&listener) {}

  // ---- the child's life ----
  void start() {
    restart_timer.reset();
    if (closed()) return;
    const bool reads_stdin = options.job == Job::Capture && options.capture.source == "-";
    auto started = Child::start(loop, options.executable,
                                std::string(name_of(options.job)) + " " + options.label,
                                reads_stdin ? StandardInput::Ours : StandardInput::Nothing, *this);
    if (!started) {
      loop.post([weak = weak_from_this(), sentence = started.error().sentence] {
        if (const auto self = weak.lock()) self->tell_loss(sentence);
      });
      restart_delay = kRestartDelayMax;  // a missing file does not come back in milliseconds
      start_later();
      return;
    }
    child = std::move(*started);
    started_at = clock.steady();
    if (paused) child->pause();
    child->send(encode(Configuration{options.job, options.encoding, options.capture, options.rungs,
                                     options.priority}));
    if (anchor) child->send(encode(*anchor));
    restore_container();
    restore_tracks();
    if (finishing) child->send(encode(MessageType::Finish));
    watch_for_stall();
  }

  void restore_container() {
    child_saw_frames = false;
    waiting_for_boundary = false;
    if (options.job != Job::Demux || !scanner.container()) return;
    waiting_for_boundary = scanner.header_complete() && !replay.running();
    if (!waiting_for_boundary) send_header();
    if (!replay.running()) return;
    for (const Bytes& piece : replay.pieces()) child->send(encode(Input{{}, {}, piece}));
  }

  void restore_tracks() {
    waiting_for_key = true;
    if (!source_tracks.empty()) child->send(encode(source_tracks));
  }

  void send_header() {
    child->send(encode(*scanner.container()));
    if (Bytes header = scanner.header(); !header.empty())
      child->send(encode(Input{{}, {}, header}));
  }

  void start_later() {
    const Millis delay = restart_delay;
    restart_delay = std::clamp(restart_delay * 2, kRestartDelayFirst, kRestartDelayMax);
    restart_timer = loop.after(delay, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->start();
    });
  }

  void watch_for_stall() {
    stall_timer = loop.after(kStuckCheckInterval, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || !self->child) return;
      const Steady now = self->clock.steady();
      const bool moving = self->child->unsent() == 0 || self->child->sent() != self->seen_sent;
      if (moving || self->paused) {
        self->seen_sent = self->child->sent();
        self->moved_at = now;
      } else if (now - self->moved_at > kStuckAfter) {
        log::warning("worker is stuck and is killed", {{"line", self->options.label}});
        self->child->kill();
      }
      self->watch_for_stall();
    });
  }

  void on_gone(Departure departure) override {
    const auto self = shared_from_this();
    child = nullptr;
    stall_timer.reset();
    if (ended) return;
    if (finishing && (departure.done || departure.gave_up)) {
      end();
      return;
    }
    if (options.job == Job::Capture && departure.gave_up) {  // no such camera: the same again
      tell_loss("the source cannot be opened or read");
      restart_delay = kRestartDelayMax;
      start_later();
      return;
    }
    // A header that no frame ever followed would be fed to its victims for ever.
    if (departure.gave_up && !child_saw_frames) scanner.reset();
    if (clock.steady() - started_at > kHealthyAfter) restart_delay = Millis{0};
    log::warning("worker lost", {{"line", options.label}, {"why", departure.reason}});
    loss = departure.reason;
    if (departure.gave_up || !replay.begin()) lose();
    if (!closed()) start_later();
  }

  // What the last child had is gone.
  void lose() {
    replay.forget();
    tell_loss(loss);
  }

  void tell_loss(const std::string& reason) {
    if (!closed()) told->on_loss(reason);
  }

  void end() {
    if (std::exchange(ended, true) || closed()) return;
    if (child) std::exchange(child, nullptr)->end();
    told->on_end();
  }

  bool closed() const { return told == nullptr; }
  void close() {
    told = nullptr;
    restart_timer.reset();
    stall_timer.reset();
    first_frame_timer.reset();
    if (child) std::exchange(child, nullptr)->end();
  }

  // ---- from the child ----
  void on_message(Message message) override {
    const auto self = shared_from_this();
    if (closed()) return;
    bool understood = true;
    const auto given = [&](auto decoded, auto&& use) {
      understood = decoded.has_value();
      if (understood) use(std::move(*decoded));
    };
    switch (message.type) {
      case MessageType::Ready:
        log::debug("worker ready", {{"line", options.label}});
        break;
      case MessageType::Tracks:
        given(decode_tracks(message.payload), [&](auto tracks) { on_tracks(tracks); });
        break;
      case MessageType::Frame:
        given(decode_frame(message.payload), [&](auto frame) {
          child_saw_frames = true;
          if (!is_new(frame)) return;
          const bool passed = options.job == Job::Demux && frame.track == media::kVideoTrack;
          if (passed && frame.captured == Utc{}) {
            frame.captured = media::find_capture(frame.data).value_or(Utc{});
          }
          told->on_frame(std::move(frame));
        });
        break;
      case MessageType::Picture:
        given(decode_picture(message.payload),
              [&](auto picture) { told->on_picture(std::move(picture)); });
        break;
      case MessageType::Loudness:
        given(decode_loudness(message.payload),
              [&](const auto& loudness) { told->on_loudness(loudness); });
        break;
      case MessageType::Complaint:
        given(decode_text(message.payload), [&](auto text) { told->on_complaint(text); });
        break;
      case MessageType::Note:
        given(decode_text(message.payload), [&](auto text) {
          log::debug("worker says", {{"line", options.label}, {"note", text}});
        });
        break;
      case MessageType::End:
        end();
        break;
      default:
        understood = false;
    }
    if (!understood && child) child->kill();
  }

  void on_tracks(const std::vector<media::Track>& tracks) {
    const auto verdict = replay.saw(tracks);
    if (verdict == Replay::Verdict::Again) return;
    if (verdict == Replay::Verdict::Broken) {
      lose();
      replay.saw(tracks);
    }
    if (!closed()) told->on_tracks(tracks);
  }

  bool is_new(const media::Frame& frame) {
    const auto verdict = replay.saw(frame);
    if (verdict == Replay::Verdict::Broken) {
      lose();
      replay.saw(frame);
    }
    return verdict != Replay::Verdict::Again && !closed();
  }

  void on_room() override {
    if (closed() || !child) return;
    if (newest_picture && child->unsent() == 0) {
      child->send(encode(std::move(*std::exchange(newest_picture, std::nullopt))));
    }
    if (refused && child->unsent() <= kUnsentBytesMax / 2) {
      refused = false;
      told->on_writable();
    }
  }

  // ---- to the child ----
  bool write(Bytes bytes, Utc arrived, Utc captured) {
    if (closed() || ended || finishing || bytes.empty()) return true;
    switch (options.job) {
      case Job::Jpeg:
        write_picture({arrived, captured, std::move(bytes)});
        return true;
      case Job::Demux:
        return write_container(bytes);
      case Job::Capture:
      case Job::Ladder:
      case Job::Meter:
      case Job::Still:
        return true;
    }
    return true;
  }

  void write_picture(Input picture) {
    if (!child) return;
    if (child->unsent() > 0) {
      newest_picture = std::move(picture);
    } else {
      child->send(encode(std::move(picture)));
    }
  }

  bool write_container(const Bytes& bytes) {
    if (child && child->unsent() > 0 && child->unsent() + bytes.size() > kUnsentBytesMax) {
      refused = true;
      return false;
    }
    auto pieces = scanner.take(bytes);
    if (!pieces) {
      complain_later(pieces.error());
      return true;
    }
    for (auto& piece : *pieces) {
      if (piece.opens) replay.forget();
      replay.keep(piece.bytes, piece.at_boundary);
      if (child) forward(std::move(piece));  // without one: kept, or lost
    }
    return true;
  }

  void forward(ContainerScanner::Piece piece) {
    if (piece.opens) {
      child->send(encode(*scanner.container()));
      waiting_for_boundary = false;
      child_saw_frames = false;
      expect_frames();
    } else if (waiting_for_boundary) {
      if (!piece.at_boundary) return;
      send_header();
      waiting_for_boundary = false;
    }
    child->send(encode(Input{{}, {}, std::move(piece.bytes)}));
  }

  void expect_frames() {
    first_frame_timer = loop.after(kFirstFrameWithin, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->closed() || self->ended || self->child_saw_frames) return;
      self->told->on_complaint(
          "Nothing to play was found in this container yet; send H.264 with AAC or Opus.");
    });
  }

  void describe(std::vector<media::Track> tracks) {
    source_tracks = std::move(tracks);
    if (child) restore_tracks();
  }

  void push(const media::Frame& frame) {
    if (closed() || !child || source_tracks.empty()) return;
    if (frame.track == media::kVideoTrack) {
      if (child->unsent() > kUnsentBytesMax) waiting_for_key = true;
      if (waiting_for_key && (!frame.key || child->unsent() > kUnsentBytesMax / 2)) return;
      waiting_for_key = false;
    }
    child->send(encode(frame));
  }

  // Never from inside write(): its caller may not expect to be called back there.
  void complain_later(ScanError error) {
    loop.post([weak = weak_from_this(), text = std::string(sentence(error))] {
      const auto self = weak.lock();
      if (self && !self->closed()) self->told->on_complaint(text);
    });
  }

  net::Loop& loop;
  const Clock& clock;
  LineOptions options;
  LineListener* told;  // null after ~Line
  std::shared_ptr<Child> child;
  TimerHandle restart_timer, stall_timer, first_frame_timer;
  Millis restart_delay{0};
  Steady started_at{}, moved_at{};
  std::uint64_t seen_sent = 0;
  ContainerScanner scanner;
  Replay replay;                            // Job::Demux
  std::string loss;                         // why the last child died
  bool waiting_for_boundary = false;        // this child gets the header at the next boundary
  bool child_saw_frames = false;            // since the last header
  std::vector<media::Track> source_tracks;  // Job::Ladder, Meter, Still
  bool waiting_for_key = true;              // likewise: pictures are left out until then
  std::optional<Input> newest_picture;
  std::optional<Anchor> anchor;
  bool refused = false, paused = false, finishing = false, ended = false;
};

Line::Line(net::Loop& loop, const Clock& clock, LineOptions options, LineListener& listener)
    : impl_(std::make_shared<Impl>(loop, clock, std::move(options), listener)) {
  impl_->start();
}

Line::~Line() { impl_->close(); }

bool Line::write(Bytes bytes, Utc arrived, Utc captured) {
  return impl_->write(std::move(bytes), arrived, captured);
}

void Line::describe(std::vector<media::Track> tracks) { impl_->describe(std::move(tracks)); }

void Line::push(const media::Frame& frame) { impl_->push(frame); }

void Line::finish() {
  if (std::exchange(impl_->finishing, true)) return;
  if (impl_->child) impl_->child->send(encode(MessageType::Finish));
}

void Line::pause() {
  impl_->paused = true;
  if (impl_->child) impl_->child->pause();
}

void Line::resume() {
  impl_->paused = false;
  if (impl_->child) impl_->child->resume();
}

void Line::anchor(std::int64_t pts_micros, Utc utc) {
  impl_->anchor = Anchor{pts_micros, utc};
  if (impl_->child) impl_->child->send(encode(*impl_->anchor));
}

void Line::ask_key_frame() {
  if (impl_->child) impl_->child->send(encode(MessageType::KeyFrame));
}

int Line::process_id() const { return impl_->child ? impl_->child->process_id() : 0; }

}  // namespace butai::worker
