#include "worker/ffmpeg/output.h"

#include <utility>
#include <vector>

#include "base/time.h"

namespace butai::worker {
namespace {

constexpr std::size_t kWaitingFramesMax = 500;         // 1 s of sound and fast picture together
constexpr std::int64_t kWaitingMicrosMax = 1'000'000;  // a promised track that never comes

}  // namespace

void Output::expect(Expected expected) {
  expected_ = expected;
  video_.reset();
  audio_.reset();
  announced_ = false;
  waiting_.clear();
}

bool Output::complete() const {
  const bool needs_video = expected_ == Expected::Video || expected_ == Expected::Both;
  const bool needs_audio = expected_ == Expected::Audio || expected_ == Expected::Both;
  return (!needs_video || video_) && (!needs_audio || audio_);
}

void Output::describe(media::Track track) {
  auto& place = track.id == media::kVideoTrack ? video_ : audio_;
  if (announced_ && place && media::same_decoding(*place, track)) return;
  place = std::move(track);
  if (announced_ || complete()) announce();
}

void Output::announce() {
  std::vector<media::Track> tracks;
  if (video_) tracks.push_back(*video_);
  if (audio_) tracks.push_back(*audio_);
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
  const auto& track = slot(first.track);
  const bool long_wait =
      track && waiting_.back().track == first.track &&
      mul_div(waiting_.back().dts - first.dts, 1'000'000, track->timescale) > kWaitingMicrosMax;
  if (long_wait || waiting_.size() > kWaitingFramesMax) announce();
}

void Output::flush() {
  if (!announced_) announce();
  waiting_.clear();
}

}  // namespace butai::worker
