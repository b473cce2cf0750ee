#include "live/input.h"

#include <algorithm>
#include <utility>

#include "live/limits.h"

namespace butai::live {

Input::Input(Executor& loop, const Clock& clock, InputListener& listener)
    : loop_(loop), clock_(clock), listener_(listener) {}

void Input::set_tracks(std::vector<media::Track> tracks) {
  // Held frames belong to the tracks before; they are early by a quarter of a second at most more
  // than viewers may see, so they go out now rather than wait in front of a new configuration.
  while (auto* queue = earliest()) {
    deliver(queue->front());
    queue->pop_front();
  }
  held_frames_ = held_bytes_ = 0;
  tracks_ = std::move(tracks);
  timescales_ = {};
  for (const media::Track& track : tracks_) timescales_.at(track.id) = track.timescale;
  listener_.on_input_tracks(tracks_);
}

void Input::push(media::Frame frame) {
  const std::uint32_t timescale = timescales_.at(frame.track);
  if (timescale == 0) return;  // a track that was never announced
  const Utc now = clock_.utc();
  const Timeline::Placed placed = timeline_.place(frame, timescale, now);
  frame.dts = placed.dts;
  frame.pts = placed.pts;
  if (empty() && placed.when - now <= kEarlyMax) {  // live: nothing waits before it
    return deliver({std::move(frame), placed.when, placed.discontinuity});
  }
  ++held_frames_;
  held_bytes_ += frame.data.size();
  held_.at(frame.track).push_back({std::move(frame), placed.when, placed.discontinuity});
  release_due();
}

void Input::lost() { timeline_.restart(); }

bool Input::full() const {
  if (empty()) return false;  // as of a live publisher
  if (held_bytes_ > kHeldBytesMax) return true;
  Micros least = Micros::max();
  Micros most{0};
  for (const media::Track& track : tracks_) {
    const auto& queue = held_.at(track.id);
    const Micros span = queue.empty() ? Micros{0} : queue.back().when - queue.front().when;
    least = std::min(least, span);
    most = std::max(most, span);
  }
  return !tracks_.empty() && (least > kHeldSpanMax || most > kHeldSpanOneTrackMax);
}

std::deque<Input::Held>* Input::earliest() {
  std::deque<Held>* first = nullptr;
  for (auto& queue : held_) {
    if (!queue.empty() && (first == nullptr || queue.front().when < first->front().when)) {
      first = &queue;
    }
  }
  return first;
}

void Input::release_due() {
  const Utc now = clock_.utc();
  auto* queue = earliest();
  for (; queue != nullptr && queue->front().when - now <= kEarlyMax; queue = earliest()) {
    const Held held = std::move(queue->front());
    queue->pop_front();
    --held_frames_;
    held_bytes_ -= held.frame.data.size();
    deliver(held);
  }
  timer_.reset();
  if (queue != nullptr) {
    timer_ = loop_.after(queue->front().when - now - kEarlyMax, [this] { release_due(); });
  }
  if (empty() && on_empty_) on_empty_();
  const bool now_full = full();
  if (std::exchange(was_full_, now_full) && !now_full && on_room_) on_room_();
}

void Input::deliver(const Held& held) {
  if (held.discontinuity) listener_.on_input_discontinuity();
  listener_.on_input_frame(held.frame);
}

}  // namespace butai::live
