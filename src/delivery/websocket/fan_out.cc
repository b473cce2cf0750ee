#include "delivery/websocket/fan_out.h"

#include <algorithm>
#include <string>
#include <utility>

#include "delivery/websocket/init_message.h"

namespace butai::delivery::websocket {

FanOutCounters::FanOutCounters(Metrics& metrics, std::size_t loop)
    : jumps(metrics.counter("butai_viewer_gaps_total", "viewers that fell behind and jumped",
                            {{"loop", std::to_string(loop)}})),
      too_slow(metrics.counter("butai_viewers_too_slow_total", "viewers closed with 4008",
                               {{"loop", std::to_string(loop)}})),
      widened(metrics.counter("butai_fanout_widened_total",
                              "times that the class of 33 ms went to 66 ms under load",
                              {{"loop", std::to_string(loop)}})),
      sweep_seconds(metrics.histogram(
          "butai_fanout_sweep_seconds", "from a tick's due time until its last viewer is served",
          {0.001, 0.003, 0.01, 0.033, 0.066, 0.1, 0.3, 1}, {{"loop", std::to_string(loop)}})) {}

FanOut::FanOut(live::ChannelView& view, Feed feed, Choice choice, Micros interval, Executor& loop,
               const Clock& clock, FanOutCounters& counters)
    : view_(view),
      feed_(feed),
      choice_(std::move(choice)),
      loop_(loop),
      clock_(clock),
      counters_(counters),
      pace_(interval) {
  view_.add(*this);
  seed();
  look_timer_ = loop_.after(kLookInterval, [this] { look(); });
}

FanOut::~FanOut() {
  if (!ended_) view_.remove(*this);
}

// What came before the first viewer of this class: from the newest entry, and as far back as somebody
// who resumes may go on from.
void FanOut::seed() {
  if (feed_ == Feed::Pictures) {
    const auto& ring = view_.pictures();
    if (ring.first() == ring.end()) return;
    const auto& picture = ring.at(ring.end() - 1);
    tape_.append({picture->jpeg, picture->arrived, 0, true});
  } else {
    const auto& ring = view_.chunks();
    find_lead();
    std::uint64_t at = ring.end();
    while (at > ring.first() && !is_entry(*ring.at(at - 1))) --at;
    if (at == ring.first()) return;
    --at;
    while (at > ring.first() && view_.edge() - ring.at(at - 1)->start.utc() <= kBehindMax) --at;
    for (; at < ring.end(); ++at) append(*ring.at(at));
  }
  tape_.cut();
}

void FanOut::on_chunk() {
  if (feed_ != Feed::Chunks) return;
  if (presentation_ != view_.presentation()) find_lead();
  const auto& ring = view_.chunks();
  const live::Chunk& chunk = *ring.at(ring.end() - 1);
  if (!wants(chunk)) return;
  append(chunk);
  something_new();
}

// Which tracks of what is on now are this rendition.
void FanOut::find_lead() {
  presentation_ = view_.presentation();
  lead_ = sound_ = 0;
  if (!presentation_) return;
  const live::Rendition* own = choice_.rendition.empty() ? &presentation_->renditions.front()
                                                         : view_.rendition(choice_.rendition);
  const live::Rendition* sound = find_sound(*presentation_, choice_.sound);
  // Where there is no picture, the sound that was chosen.
  const bool no_picture = own != nullptr && own->track.codec == media::Codec::Aac;
  if (no_picture && choice_.rendition.empty()) own = sound;
  if (own == nullptr) return;
  lead_ = own->track.id;
  if (!no_picture && sound != nullptr) sound_ = sound->track.id;
}

bool FanOut::wants(const live::Chunk& chunk) const {
  return lead_ != 0 && (chunk.track == lead_ || chunk.track == sound_);
}

bool FanOut::is_entry(const live::Chunk& chunk) const {
  return chunk.track == lead_ && chunk.independent;
}

void FanOut::append(const live::Chunk& chunk) {
  if (!wants(chunk)) return;
  tape_.append({chunk.bytes, chunk.start.utc(), chunk.init, is_entry(chunk)});
}

void FanOut::on_picture() {
  if (feed_ != Feed::Pictures) return;
  const auto& ring = view_.pictures();
  const live::PicturePtr& picture = ring.at(ring.end() - 1);
  tape_.append({picture->jpeg, picture->arrived, 0, true});
  something_new();
}

void FanOut::join(FanOutViewer& viewer, std::optional<Utc> after) {
  viewer.seat_ = seats_.size();
  seats_.push_back({.viewer = &viewer, .after = after.value_or(Utc{})});
  if (on_channel_) viewer.on_channel();
  if (seats_.size() == 1) cues_.due();  // nobody was there to be told
  if (feed_ == Feed::Chunks) {
    for (const std::string& message : cues_.known()) viewer.tell(message);
  }
  catch_up(seats_.back());
}

// The last one takes the free seat. A sweep that runs may miss it: it is served with the next.
Utc FanOut::leave(FanOutViewer& viewer) {
  const std::size_t seat = std::exchange(viewer.seat_, FanOutViewer::kNoSeat);
  if (seat == FanOutViewer::kNoSeat) return {};
  const Utc sent = seats_[seat].sent;
  seats_[seat] = seats_.back();
  seats_[seat].viewer->seat_ = seat;
  if (seats_[seat].viewer == &viewer) viewer.seat_ = FanOutViewer::kNoSeat;
  seats_.pop_back();
  left_ = std::min(left_, seats_.size());
  return sent;
}

void FanOut::drained(FanOutViewer& viewer) {
  if (viewer.seat_ == FanOutViewer::kNoSeat) return;
  Seat& seat = seats_[viewer.seat_];
  seat.blocked = false;
  catch_up(seat);
}

void FanOut::something_new() {
  if (!on_channel_ && view_.opened()) {
    on_channel_ = true;
    for (const Seat& seat : seats_) seat.viewer->on_channel();
  }
  if (tick_timer_ || left_ > 0) return;
  const Steady now = clock_.steady();
  const Steady due = std::max(now, last_tick_ + pace_.interval());
  const auto wait = std::chrono::ceil<Micros>(due - now);
  tick_timer_ = loop_.after(wait, [this, due] {
    tick_timer_.reset();
    tick(due);
  });
}

void FanOut::tick(Steady due) {
  due_ = due;
  last_tick_ = clock_.steady();
  init_made_ = UINT32_MAX;
  if (!tape_.cut()) return;
  left_ = seats_.size();
  // Far from where the last one began: the golden ratio spreads beginnings evenly, and an odd step
  // does not come back to the same few.
  next_seat_ += (seats_.size() * 618 / 1000) | 1U;
  sweep();
}

void FanOut::sweep() {
  for (std::size_t turn = 0; turn < kSweepSlice && left_ > 0; ++turn, --left_, ++next_seat_) {
    if (next_seat_ >= seats_.size()) next_seat_ = next_seat_ % seats_.size();
    serve(seats_[next_seat_]);
  }
  if (left_ > 0) {
    slice_timer_ = loop_.after(Micros{0}, [this] { sweep(); });
    return;
  }
  const auto took = std::chrono::duration_cast<Micros>(clock_.steady() - due_);
  counters_.sweep_seconds.Observe(std::chrono::duration<double>(took).count());
  if (pace_.swept(took)) counters_.widened.Increment();
  if (tape_.waiting()) something_new();
}

void FanOut::serve(Seat& seat) {
  if (seat.blocked) return;
  const Tape::Block& block = tape_.newest();
  if (seat.cursor != block.first || seat.init != block.init) return catch_up(seat);
  seat.cursor = block.end;
  seat.sent = block.last_start;
  seat.blocked = !seat.viewer->send({&block.frames, 1}, block.messages());
}

void FanOut::catch_up(Seat& seat) {
  if (seat.blocked || tape_.empty()) return;
  if (seat.cursor == kNowhere && !find_place(seat)) return;
  jump_if_behind(seat);
  while (!seat.blocked && seat.cursor != kNowhere && seat.cursor < tape_.end()) {
    pieces_.clear();
    std::size_t messages = 0;
    const std::uint32_t init = tape_.init_of(seat.cursor);
    const bool known = feed_ == Feed::Pictures || init == seat.init || add_init(init);
    messages += pieces_.empty() ? 0 : kInitMessages;
    const std::uint64_t end = tape_.gather(seat.cursor, pieces_);
    messages += end - seat.cursor;
    seat.cursor = end;
    if (!known) continue;  // nobody could decode it
    seat.init = init;
    seat.sent = tape_.start_of(end - 1);
    seat.blocked = !seat.viewer->send(pieces_, messages);
  }
}

bool FanOut::find_place(Seat& seat) {
  const auto newest = tape_.newest_entry();
  if (!newest) return false;
  seat.cursor = *newest;
  const Utc to = tape_.start_of(*newest);
  if (seat.after != Utc{}) {
    const Utc after = std::exchange(seat.after, Utc{});
    if (const auto resumed = tape_.entry_before(after)) {
      seat.cursor = *resumed;
    } else {
      seat.viewer->gap(after, to, "resume");
    }
  } else if (seat.sent != Utc{}) {
    jumped(seat, seat.sent, to);
  }
  return true;
}

void FanOut::jump_if_behind(Seat& seat) {
  if (seat.cursor >= tape_.end()) return;
  const bool lost = seat.cursor < tape_.first();  // what it stood at is forgotten
  if (!lost && !tape_.too_far_behind(seat.cursor)) return;
  const auto newest = tape_.newest_entry();
  if (!newest || *newest <= seat.cursor) {
    if (lost) seat.cursor = kNowhere;  // until the next entry
    return;
  }
  const Utc from = lost ? seat.sent : tape_.start_of(seat.cursor);
  seat.cursor = *newest;
  jumped(seat, from, tape_.start_of(*newest));
}

void FanOut::jumped(const Seat& seat, Utc from, Utc to) {
  counters_.jumps.Increment();
  seat.viewer->gap(std::min(from, to), to, "slow");  // sound may be ahead of the key frame
}

// The init message and its segment, in front of the frames that need them.
bool FanOut::add_init(std::uint32_t number) {
  if (init_made_ != number) {
    const live::PresentationPtr presentation = view_.find_presentation(number);
    if (!presentation) return false;
    init_frames_ = init_frames(*presentation, choice_, view_.edge());
    if (init_frames_.empty()) return false;
    init_made_ = number;
  }
  pieces_.push_back(init_frames_);
  return true;
}

void FanOut::look() {
  for (Seat& seat : seats_) {
    seat.viewer->look();
    const std::uint64_t taken = seat.viewer->taken();
    const bool stuck = seat.blocked && taken == std::exchange(seat.taken, taken);
    seat.looks_without_progress = stuck ? seat.looks_without_progress + 1 : 0;
    if (seat.looks_without_progress * kLookInterval < kStalledMax) continue;
    seat.looks_without_progress = 0;
    counters_.too_slow.Increment();
    seat.viewer->too_slow();
  }
  tell_all(cues_.due());
  look_timer_ = loop_.after(kLookInterval, [this] { look(); });
}

void FanOut::on_cues(const live::Cues& cues) { tell_all(cues_.fresh(cues)); }

// Said to all in the same words; JPEG viewers have no use for them.
void FanOut::tell_all(const std::vector<std::string>& messages) {
  if (feed_ != Feed::Chunks) return;
  for (const std::string& message : messages) {
    for (const Seat& seat : seats_) seat.viewer->tell(message);
  }
}

void FanOut::on_air_change() {
  for (const Seat& seat : seats_) seat.viewer->on_air_change();
}

void FanOut::on_end() {
  ended_ = true;
  view_.remove(*this);
  left_ = 0;
  tick_timer_.reset();
  slice_timer_.reset();
  look_timer_.reset();
  tape_.cut();  // what came since the last tick, to everybody who can take it
  for (Seat& seat : seats_) catch_up(seat);
  for (const Seat& seat : std::exchange(seats_, {})) {
    seat.viewer->seat_ = FanOutViewer::kNoSeat;
    seat.viewer->on_end();
  }
}

}  // namespace butai::delivery::websocket
