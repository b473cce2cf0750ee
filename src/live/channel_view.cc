#include "live/channel_view.h"

#include <algorithm>
#include <utility>

namespace butai::live {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

ChannelView::ChannelView(std::string name, Latency latency)
    : name_(std::move(name)), latency_(latency) {}

ChannelView::~ChannelView() {
  if (inbox_) inbox_->leave(*this);
}

void ChannelView::open(std::shared_ptr<ChannelCounts> counts, std::shared_ptr<ViewInbox> inbox) {
  counts_ = std::move(counts);
  if (inbox_) inbox_->leave(*this);
  inbox_ = std::move(inbox);
  if (!inbox_) return;
  inbox_->belong_to(*this);
  has_listeners() ? inbox_->watch() : catch_up();
}

void ChannelView::catch_up() {
  // A listener that looks in the middle of it sees what it was told of so far.
  if (!inbox_ || std::exchange(catching_up_, true)) return;
  for (inbox_->take(taken_); !taken_.empty(); inbox_->take(taken_)) {
    for (const Update& update : taken_) apply(update);
    taken_.clear();
  }
  catching_up_ = false;
}

void ChannelView::apply(const Update& update) {
  std::visit(Overloaded{
                 [this](const PackageEvent& event) { take(event); },
                 [this](const PicturePtr& picture) {
                   pictures_.append(picture, picture->jpeg.size());
                   tell(&ViewListener::on_picture);
                 },
                 [this](const OnAir& on_air) {
                   on_air_ = on_air;
                   tell(&ViewListener::on_air_change);
                 },
                 [this](const InputsTaken& inputs) { inputs_ = inputs; },
                 [this](const CuesPtr& cues) { take_cues(*cues); },
                 [this](const Ended&) {
                   ended_ = true;
                   on_air_.live = false;
                   tell_playlist_change();
                   tell(&ViewListener::on_end);
                 },
             },
             update);
}

void ChannelView::take(const PackageEvent& event) {
  std::visit(Overloaded{
                 [this](const PresentationPtr& presentation) {
                   const bool more = presentation_ && presentation_->number == presentation->number;
                   presentation_ = presentation;
                   if (more) {
                     presentations_.back() = presentation;
                     return tell_playlist_change();
                   }
                   presentations_.push_back(presentation);
                   if (presentations_.size() > kSegmentsKept)
                     presentations_.erase(presentations_.begin());
                   tell(&ViewListener::on_presentation);
                 },
                 [this](const SegmentOpened& opened) {
                   log_of(opened.track).apply(opened);
                   tell_playlist_change();
                 },
                 [this](const ChunkPtr& chunk) { take_chunk(chunk); },
                 [this](const PartClosed& part) {
                   log_of(part.track).apply(part);
                   tell_playlist_change();
                 },
                 [this](const SegmentClosed& closed) {
                   log_of(closed.track).apply(closed);
                   tell_playlist_change();
                 },
             },
             event);
}

void ChannelView::take_chunk(const ChunkPtr& chunk) {
  log_of(chunk->track).apply(chunk);
  chunks_.append(chunk, chunk->bytes.size());
  const bool leads = chunk->track == presentation_->renditions.front().track.id;
  if (leads) edge_ = chunk->start.utc() + chunk->duration.micros();
  chunks_.drop_while([this](const ChunkPtr& old) { return old->start.utc() + kRingSpan < edge_; });
  tell(&ViewListener::on_chunk);
}

void ChannelView::take_cues(const Cues& cues) {
  const std::size_t languages = cues_.languages().size();
  cues_.add(cues, settled());
  if (cues_.languages().size() != languages) tell_playlist_change();
  ++telling_;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i] != nullptr) listeners_[i]->on_cues(cues);
  }
  if (--telling_ == 0) std::erase(listeners_, nullptr);
}

// The end of the newest part of the leading track: the same on every loop, whose updates are the same.
Utc ChannelView::settled() const {
  if (!presentation_) return {};
  const SegmentLog* leading = log(presentation_->renditions.front().track.id);
  if (leading == nullptr || leading->segments().empty()) return {};
  const Segment& last = leading->segments().back();
  if (last.complete) return last.start.utc() + last.duration.micros();
  if (last.parts.empty()) return last.start.utc();
  return last.parts.back().start.utc() + last.parts.back().duration.micros();
}

std::vector<std::string> ChannelView::caption_languages() const {
  std::vector<std::string> all;
  if (presentation_) all = presentation_->captions.languages;
  for (const std::string& language : cues_.languages()) {
    if (std::ranges::find(all, language) == all.end()) all.push_back(language);
  }
  return all;
}

PresentationPtr ChannelView::find_presentation(std::uint32_t number) const {
  const auto found = std::ranges::find_if(
      presentations_, [number](const PresentationPtr& p) { return p->number == number; });
  return found == presentations_.end() ? nullptr : *found;
}

const Bytes* ChannelView::find_init(const std::string& rendition, std::uint32_t number) const {
  const PresentationPtr presentation = find_presentation(number);
  if (!presentation) return nullptr;
  const auto found = std::ranges::find(presentation->renditions, rendition, &Rendition::name);
  // The presentation stays in presentations_, so the address stays good until the next update.
  return found == presentation->renditions.end() ? nullptr : &found->init;
}

const SegmentLog* ChannelView::log(media::TrackId track) const {
  const auto found = logs_.find(track);
  return found == logs_.end() ? nullptr : &found->second;
}

const Segment* ChannelView::join(media::TrackId track, std::int64_t start) {
  const auto found = logs_.find(track);
  return found == logs_.end() ? nullptr : found->second.join(start);
}

ChannelView::Held ChannelView::held() const {
  Held all;
  for (const auto& [track, log] : logs_) {
    all.segments += log.segments().size();
    for (const Segment& one : log.segments()) all.bytes += one.bytes;
  }
  return all;
}

const Rendition* ChannelView::rendition(const std::string& name) const {
  if (!presentation_) return nullptr;
  const auto found = std::ranges::find(presentation_->renditions, name, &Rendition::name);
  return found == presentation_->renditions.end() ? nullptr : &*found;
}

SegmentLog& ChannelView::log_of(media::TrackId track) {
  return logs_.try_emplace(track, kSegmentsKept, kLogBytesMax).first->second;
}

void ChannelView::add(ViewListener& listener) {
  listeners_.push_back(&listener);
  if (inbox_) inbox_->watch();
}

void ChannelView::remove(ViewListener& listener) {
  const auto found = std::ranges::find(listeners_, &listener);
  if (found == listeners_.end()) return;
  if (telling_ > 0) {
    *found = nullptr;
  } else {
    listeners_.erase(found);
  }
  if (inbox_ && !has_listeners()) inbox_->rest();
}

bool ChannelView::has_listeners() const {
  return std::ranges::any_of(listeners_, [](const auto* listener) { return listener != nullptr; });
}

void ChannelView::tell_playlist_change() {
  ++playlist_version_;
  tell(&ViewListener::on_playlist_change);
}

void ChannelView::tell(void (ViewListener::*what)()) {
  ++telling_;
  // By index: a listener may add another while it is told.
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i] != nullptr) (listeners_[i]->*what)();
  }
  if (--telling_ == 0) std::erase(listeners_, nullptr);
}

}  // namespace butai::live
