#include "package/packager.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "media/h264.h"
#include "package/presentation.h"

namespace butai::package {
namespace {

bool same_tracks(const std::vector<media::Track>& a, const std::vector<media::Track>& b) {
  return std::ranges::equal(a, b, media::same_decoding);
}

// Whether `a` is at or after `b`; their timescales may differ.
bool reaches(Ticks a, Ticks b) {
  return static_cast<__int128>(a.value) * b.timescale >=
         static_cast<__int128>(b.value) * a.timescale;
}

}  // namespace

Packager::Packager(live::ChunkSink& sink, PackagerOptions options)
    : sink_(sink),
      options_(std::move(options)),
      grid_(Grid::of(media::Track{}, options_.segment)) {}

// --- Tracks ----------------------------------------------------------------------------------

void Packager::on_tracks(const std::vector<media::Track>& tracks) {
  const auto usable = usable_tracks(tracks);
  if (!usable) {
    log::warning("tracks cannot be packaged yet", {{"why", usable.error().sentence}});
    return;
  }
  if ((picture_ || sound_) && same_tracks(*usable, tracks_)) return;
  on_discontinuity();
  open_lanes(*usable);
  // On a protected channel the first segment does it: it knows the keys.
  if (!options_.keys) publish_presentation();
}

void Packager::open_lanes(const std::vector<media::Track>& tracks) {
  presented_ = false;
  tracks_ = tracks;
  picture_.reset();
  sound_.reset();
  second_.reset();
  ladder_.clear();
  ladder_tracks_.clear();
  recent_cuts_.clear();
  captions_ = {};
  for (const media::Track& track : tracks) {
    const bool video = track.codec == media::Codec::H264;
    if (track.id == media::kSecondSound) {
      second_.emplace(sink_, track, options_.segment, options_.audio_frames_per_chunk, writing());
      continue;
    }
    (video ? picture_ : sound_)
        .emplace(sink_, track, options_.segment, video ? 1 : options_.audio_frames_per_chunk,
                 writing());
  }
  grid_ = Grid::of(tracks.front(), options_.segment);
  sound_leads_ = !picture_;
}

void Packager::publish_presentation() {
  presentation_ = presentation_ == 0 ? options_.first_presentation : presentation_ + 1;
  presented_ = true;
  sink_.publish(present());
}

// The source's tracks and the ladder's, with the keys that are running.
live::PresentationPtr Packager::present() const {
  auto tracks = tracks_;
  tracks.insert(tracks.end(), ladder_tracks_.begin(), ladder_tracks_.end());
  for (media::Track& track : tracks) {
    const std::size_t sound = track.id == media::kSecondSound ? 1 : 0;
    const bool said = track.codec == media::Codec::Aac && sound < options_.sounds.size();
    if (said) track.language = options_.sounds[sound];
  }
  return make_presentation(presentation_, tracks,
                           {period_, period_ ? options_.keys->next() : nullptr},
                           with_seen(options_.captions, captions_));
}

Writing Packager::writing() const { return options_.keys ? Writing::Protected : Writing::Clear; }

// Nothing may be published yet: there were never keys for it.
bool Packager::waits_for_keys() const {
  return options_.keys && !options_.keys->running() && !options_.keys->next();
}

void Packager::use_keys(Ticks start) {
  drm::KeyPeriodPtr period = options_.keys->segment(start);
  if (presented_ && period == period_) return;
  period_ = std::move(period);
  publish_presentation();
}

// --- Frames ----------------------------------------------------------------------------------

void Packager::on_frame(const media::Frame& frame) {
  if (frame.track == media::kSecondSound) return on_second_sound(frame);
  std::optional<Lane>& lane = frame.track == media::kVideoTrack ? picture_ : sound_;
  if (!lane || frame.data.empty() || (lane->last_dts && frame.dts <= *lane->last_dts) ||
      waits_for_keys()) {
    ++frames_dropped_;
    return;
  }
  const bool leads = frame.track == media::kVideoTrack || sound_leads_;
  const std::int64_t jump = Ticks::from(kJumpMax, lane->writer.track().timescale).value;
  if (leads && lane->last_dts && frame.dts - *lane->last_dts > jump) on_discontinuity();
  lane->last_dts = frame.dts;
  if (frame.track == media::kVideoTrack) {
    on_picture(frame);
  } else {
    on_sound(frame);
  }
}

void Packager::on_picture(media::Frame frame) {
  TrackWriter& writer = picture_->writer;
  frame.duration = picture_->rate.predict(frame);
  const std::int64_t usual = picture_->rate.usual();
  if (frame.captured == Utc{}) frame.captured = media::find_capture(frame.data).value_or(Utc{});
  look_for_captions(frame);

  const bool waits_for_key = sound_leads_ || !writer.is_open();
  if (waits_for_key && !frame.key) {
    ++frames_dropped_;
    return;
  }
  if (sound_leads_) {  // it has been away; sound ran alone
    on_discontinuity();
    picture_->last_dts = frame.dts;
    sound_leads_ = false;
  }
  if (picture_cuts(frame, usual)) {
    if (!frame.key) ++forced_cuts_;
    const std::uint32_t timescale = writer.track().timescale;
    const Cut cut = next_cut({picture_start(frame, usual), timescale},
                             {writer.time_of(frame), timescale}, usual / 2);
    begin(*picture_, cut);
    if (sound_) cuts_.push_back(cut);
    tell_followers(cut);
  }
  writer.add(std::move(frame), usual);
  if (sound_) {
    cut_late_sound();
    release_sound();
  }
  release_second();
}

void Packager::look_for_captions(const media::Frame& frame) {
  const media::CaptionChannels seen = captions_ | media::find_captions(frame.data);
  if (seen == captions_) return;
  captions_ = seen;
  if (presented_) sink_.publish(present());
}

bool Packager::picture_cuts(const media::Frame& frame, std::int64_t usual) const {
  const TrackWriter& writer = picture_->writer;
  if (!writer.is_open()) return true;
  const std::uint32_t timescale = writer.track().timescale;
  if (frame.key && frame.pts + usual / 2 >= grid_.boundary(next_boundary_, timescale)) return true;
  const std::int64_t longest = Ticks::from(kSegmentMax, timescale).value;
  const std::int64_t end = std::max(writer.end().value, writer.time_of(frame)) + frame.duration;
  return end - writer.segment().start.value > longest;
}

// Step 8 of the class comment. A frame that comes early or hardly late moves nothing, and without a
// key frame there is no hole that a browser would bear.
std::int64_t Packager::picture_start(const media::Frame& frame, std::int64_t usual) const {
  const TrackWriter& writer = picture_->writer;
  const std::int64_t time = writer.time_of(frame);
  if (!writer.is_open()) return time;
  const std::int64_t end = writer.end().value;
  if (!frame.key || time - end <= usual / 2) return end;
  return std::max(end, std::min(time, grid_.boundary(next_boundary_, writer.track().timescale)));
}

// --- Sound -----------------------------------------------------------------------------------

void Packager::on_sound(media::Frame frame) {
  frame.duration = sound_->rate.predict(frame);
  frame.key = true;
  if (!sound_first_) sound_first_ = frame.dts;
  const std::uint32_t timescale = sound_->writer.track().timescale;
  const std::int64_t waited = frame.dts - *sound_first_;
  sound_waiting_.push_back(std::move(frame));
  if (!sound_leads_ && !picture_->writer.is_open() &&
      waited > Ticks::from(kPictureStartMax, timescale).value) {
    sound_leads_ = true;
  }
  release_sound();
  release_second();
}

void Packager::on_second_sound(media::Frame frame) {
  if (!second_ || frame.data.empty() || waits_for_keys()) {
    ++frames_dropped_;
    return;
  }
  frame.key = true;
  second_waiting_.push_back(std::move(frame));
  release_second();
}

// Up to where picture or first sound have come: what those have decided then holds here too.
void Packager::release_second() {
  if (!second_) return;
  const std::uint32_t timescale = second_->timescale();
  const auto passed_by = [](const std::optional<Lane>& lane, Ticks middle) {
    return lane && lane->writer.is_open() && !reaches(middle, lane->writer.end());
  };
  while (!second_waiting_.empty()) {
    media::Frame& frame = second_waiting_.front();
    const Ticks middle{frame.dts + second_->usual() / 2, timescale};
    const Ticks waited{second_waiting_.back().dts - frame.dts, timescale};
    if (passed_by(picture_, middle) || passed_by(sound_, middle)) {
      second_->add(std::move(frame));
    } else if (waited.micros() > kPictureStartMax) {
      ++frames_dropped_;
    } else {
      return;
    }
    second_waiting_.pop_front();
  }
}

// Steps 6 and 7 of the class comment: everything that can be decided now.
void Packager::release_sound() {
  while (!sound_waiting_.empty()) {
    const media::Frame& frame = sound_waiting_.front();
    if (sound_leads_) {
      lead_with_sound();
    } else if (reaches_cut(frame)) {
      cut_sound_at(frame);
    } else if (!sound_->writer.is_open()) {
      if (cuts_.empty() && !sound_is_too_far_ahead()) return;  // the picture has not begun
      ++frames_dropped_;
      sound_waiting_.pop_front();
    } else if (picture_has_passed(frame)) {
      add_sound();
    } else if (sound_is_too_far_ahead()) {
      const std::uint32_t timescale = sound_->writer.track().timescale;
      const std::int64_t longest = Ticks::from(kSegmentMax, timescale).value;
      const std::int64_t length = sound_->writer.end().value - sound_->writer.segment().start.value;
      if (length + frame.duration > longest) {
        sound_leads_ = true;
      } else {
        add_sound();
      }
    } else {
      return;
    }
  }
}

// Whether the oldest cut lies before the frame's middle: then the frame is the nearest to it. The
// very first segment also takes what is a little earlier.
bool Packager::reaches_cut(const media::Frame& sound) const {
  if (cuts_.empty()) return false;
  const std::uint32_t timescale = sound_->writer.track().timescale;
  const std::int64_t lead =
      sound_->writer.is_open() ? 0 : Ticks::from(kSoundLeadMax, timescale).value;
  return reaches({sound.dts + sound.duration / 2 + lead, timescale}, cuts_.front().start);
}

bool Packager::picture_has_passed(const media::Frame& sound) const {
  const Ticks middle{sound.dts + sound.duration / 2, sound_->writer.track().timescale};
  return !reaches(middle, picture_->writer.end());
}

bool Packager::sound_is_too_far_ahead() const {
  const std::int64_t ahead = sound_waiting_.back().dts - sound_waiting_.front().dts;
  return ahead > Ticks::from(kSoundAheadMax, sound_->writer.track().timescale).value;
}

// Sound's segment for the oldest cut begins with `first`, or where the cut is when `first` comes
// much later.
void Packager::cut_sound_at(const media::Frame& first) {
  const std::uint32_t timescale = sound_->writer.track().timescale;
  Cut cut = cuts_.front();
  cuts_.pop_front();
  std::int64_t earliest = cut.start.in(timescale).value;
  if (sound_->writer.is_open()) earliest = std::max(earliest, sound_->writer.end().value);
  const bool begins_later = first.dts - earliest > first.duration;
  const bool belongs_to_next =
      !cuts_.empty() && reaches({first.dts + first.duration / 2, timescale}, cuts_.front().start);
  const bool first_of_all = !sound_->writer.is_open();
  const bool follows =
      !first_of_all && std::abs(first.dts - sound_->writer.end().value) <= first.duration / 2;
  if (follows && !belongs_to_next) {
    cut.start = sound_->writer.end();
    begin_sound_at(cut.start.value);
  } else {
    cut.start = {(begins_later && !first_of_all) || belongs_to_next ? earliest : first.dts,
                 timescale};
  }
  begin(*sound_, cut);
}

// The front frame begins with its segment: the segment's address is the time inside it, to the tick.
void Packager::begin_sound_at(std::int64_t start) {
  media::Frame& first = sound_waiting_.front();
  first.dts = first.pts = start;
}

// The picture is so far ahead that sound will not be waited for: its segment begins empty.
void Packager::cut_late_sound() {
  const Ticks reached = picture_->writer.end();
  const std::int64_t behind = Ticks::from(kSoundBehindMax, reached.timescale).value;
  while (!cuts_.empty() && reached.value - cuts_.front().start.value > behind) cut_sound_short();
}

// Sound's segment for the oldest cut begins there, without a frame.
void Packager::cut_sound_short() {
  Cut cut = cuts_.front();
  cuts_.pop_front();
  cut.start = cut.start.in(sound_->writer.track().timescale);
  if (sound_->writer.is_open()) {
    cut.start.value = std::max(cut.start.value, sound_->writer.end().value);
  }
  begin(*sound_, cut);
}

void Packager::add_sound() {
  media::Frame frame = std::move(sound_waiting_.front());
  sound_waiting_.pop_front();
  if (frame.dts + frame.duration / 2 < sound_->writer.segment().start.value) {
    ++frames_dropped_;  // its segment is closed
    return;
  }
  sound_->writer.add(std::move(frame), sound_->rate.usual());
}

// The front frame, cut on the grid; the picture's playlist, if there is one, gets a gap.
void Packager::lead_with_sound() {
  const media::Frame& frame = sound_waiting_.front();
  const std::uint32_t timescale = sound_->writer.track().timescale;
  const std::int64_t half = frame.duration / 2;
  while (!cuts_.empty()) cut_sound_at(frame);
  const TrackWriter& writer = sound_->writer;
  if (!writer.is_open() || frame.dts + half >= grid_.boundary(next_boundary_, timescale)) {
    const bool follows = writer.is_open() && std::abs(frame.dts - writer.end().value) <= half;
    const Ticks start{follows ? writer.end().value : frame.dts, timescale};
    begin_sound_at(start.value);
    const Cut cut = next_cut(start, start, half);
    begin(*sound_, cut);
    if (picture_) begin(*picture_, cut);
    tell_followers(cut);
  }
  add_sound();
}

// --- Ladder ----------------------------------------------------------------------------------

void Packager::on_ladder(const std::vector<media::Track>& renditions) {
  const auto usable = usable_tracks(renditions);
  if (!usable || !picture_ || (!ladder_.empty() && same_tracks(*usable, ladder_tracks_))) return;
  if (!ladder_.empty()) {
    on_discontinuity();
    open_lanes(tracks_);
    if (!options_.keys) publish_presentation();
  }
  ladder_tracks_ = *usable;
  for (const media::Track& track : ladder_tracks_) {
    const bool video = track.codec == media::Codec::H264;
    ladder_.emplace_back(sink_, track, options_.segment,
                         video ? 1 : options_.audio_frames_per_chunk, writing());
    for (const Cut& cut : recent_cuts_) ladder_.back().cut(cut);
  }
  if (presented_) sink_.publish(present());
}

void Packager::on_ladder_frame(media::Frame frame) {
  const auto found = std::ranges::find(ladder_, frame.track, &Follower::id);
  if (found != ladder_.end()) found->add(std::move(frame));
}

void Packager::tell_followers(const Cut& cut) {
  if (second_) {
    second_->keep_up(cut.start);
    second_->cut(cut);
  }
  for (Follower& rendition : ladder_) {
    rendition.keep_up(cut.start);
    rendition.cut(cut);
  }
  recent_cuts_.push_back(cut);
  while (recent_cuts_.size() > kRecentCutsMax || recent_cuts_.front().init != cut.init) {
    const bool broke = recent_cuts_.front().discontinuity;
    recent_cuts_.pop_front();
    recent_cuts_.front().discontinuity |= broke;
  }
}

// --- Segments --------------------------------------------------------------------------------

Cut Packager::next_cut(Ticks start, Ticks first_frame, std::int64_t tolerance) {
  const std::int64_t index = grid_.index(first_frame, tolerance);
  if (options_.keys) use_keys(start);
  Cut cut;
  cut.keys = period_;
  cut.start = start;
  cut.number = last_number_ ? *last_number_ + 1
                            : static_cast<std::uint64_t>(std::max<std::int64_t>(index, 0));
  cut.init = presentation_;
  cut.discontinuity = std::exchange(broken_, false);
  next_boundary_ = index + 1;
  last_number_ = cut.number;
  return cut;
}

void Packager::begin(Lane& lane, const Cut& cut) {
  lane.writer.close(cut.start);
  lane.writer.open(cut);
}

void Packager::on_discontinuity() {
  if (sound_) {
    finish_sound();
    sound_->rate.restart();
    sound_->last_dts.reset();
  }
  if (picture_) {
    // Open without a frame when sound ran alone: then it lasts as long as sound's.
    TrackWriter& writer = picture_->writer;
    for (Follower& rendition : ladder_) rendition.finish(writer.end());
    finish_second(writer.end());
    writer.close(writer.end_or(sound_ ? sound_end_ : writer.end()));
    picture_->rate.restart();
    picture_->last_dts.reset();
  }
  if (!picture_ && sound_) finish_second(sound_end_);
  broken_ = last_number_.has_value();
  sound_waiting_.clear();
  sound_first_.reset();
  sound_leads_ = !picture_ && sound_;
}

void Packager::finish_second(Ticks end) {
  if (!second_) return;
  for (media::Frame& frame : second_waiting_) second_->add(std::move(frame));
  second_waiting_.clear();
  second_->finish(end);
}

// What waits belongs to what is open; cuts that sound has not reached become empty segments.
void Packager::finish_sound() {
  TrackWriter& writer = sound_->writer;
  while (!sound_waiting_.empty()) {
    const media::Frame& frame = sound_waiting_.front();
    if (reaches_cut(frame)) {
      cut_sound_at(frame);
    } else if (writer.is_open()) {
      add_sound();
    } else {
      ++frames_dropped_;
      sound_waiting_.pop_front();
    }
  }
  while (!cuts_.empty()) cut_sound_short();
  sound_end_ = writer.end();
  writer.close(writer.end_or(picture_ ? picture_->writer.end() : writer.end()));
}

}  // namespace butai::package
