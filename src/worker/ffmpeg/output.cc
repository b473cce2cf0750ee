#include "worker/ffmpeg/output.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/time.h"

namespace butai::worker {
namespace {

constexpr std::size_t kWaitingFramesMax = 500;         // 1 s of sound and fast picture together
constexpr std::int64_t kWaitingMicrosMax = 1'000'000;  // a promised track that never comes

}  // namespace

void Output::expect(std::vector<media::TrackId> promised) {
  promised_ = std::move(promised);
  tracks_.clear();
  announced_ = false;
  waiting_.clear();
}

// Frames wait once more, so that viewers get one init segment for all.
void Output::promise(media::TrackId id) {
  if (described(id)) return;
  if (std::ranges::find(promised_, id) == promised_.end()) promised_.push_back(id);
  announced_ = false;
}

bool Output::complete() const {
  return std::ranges::all_of(promised_, [this](media::TrackId id) { return described(id); });
}

void Output::describe(media::Track track) {
  const auto known = tracks_.find(track.id);
  if (announced_ && known != tracks_.end() && media::same_decoding(known->second, track)) return;
  tracks_[track.id] = std::move(track);
  if (announced_ || complete()) announce();
}

void Output::announce() {
  std::vector<media::Track> tracks;
  for (const auto& [id, track] : tracks_) tracks.push_back(track);
  if (tracks.empty()) return;
  parent_.send(encode(tracks));
  announced_ = true;
  for (auto& frame : std::exchange(waiting_, {})) {
    if (described(frame.track)) parent_.send(encode(std::move(frame)));
  }
}

void Output::put(media::Frame frame) {
  if (announced_) {
    if (described(frame.track)) parent_.send(encode(std::move(frame)));
    return;
  }
  waiting_.push_back(std::move(frame));
  const media::Frame& first = waiting_.front();
  const auto track = tracks_.find(first.track);
  const bool long_wait = track != tracks_.end() && waiting_.back().track == first.track &&
                         mul_div(waiting_.back().dts - first.dts, 1'000'000,
                                 track->second.timescale) > kWaitingMicrosMax;
  if (long_wait || waiting_.size() > kWaitingFramesMax) announce();
}

void Output::flush() {
  if (!announced_) announce();
  waiting_.clear();
}

}  // namespace butai::worker
