#include "worker/replay.h"

#include <algorithm>
#include <utility>

#include "worker/limits.h"

namespace butai::worker {

void Replay::keep(const Bytes& piece, bool at_boundary) {
  if (pieces_.empty() && !at_boundary) return;
  bytes_ += piece.size();
  pieces_.push_back({piece, at_boundary});
  if (bytes_ <= kGroupBytesMax) return;
  pieces_.clear();
  bytes_ = at_last_key_ = 0;
}

void Replay::forget() { *this = Replay(); }

bool Replay::begin() {
  running_ = !tried_ && !keys_.empty() && !pieces_.empty();
  recognised_ = false;
  again_ = {};
  tried_ = true;
  return running_;
}

std::vector<Bytes> Replay::pieces() const {
  std::vector<Bytes> all;
  all.reserve(pieces_.size());
  for (const Piece& piece : pieces_) all.push_back(piece.bytes);
  return all;
}

Replay::Verdict Replay::saw(const std::vector<media::Track>& tracks) {
  if (!running_) {
    tracks_ = tracks;
    return Verdict::New;
  }
  return std::ranges::equal(tracks, tracks_, media::same_decoding) ? Verdict::Again
                                                                   : Verdict::Broken;
}

Replay::Verdict Replay::saw(const media::Frame& frame) {
  if (frame.track >= told_.size()) return Verdict::New;  // of a ladder
  const bool picture = frame.track == media::kVideoTrack;
  auto& told = told_.at(frame.track);
  if (running_) {
    auto& again = again_.at(frame.track);
    const bool stranger = picture && !std::exchange(recognised_, true) && !is_known_key(frame);
    if (stranger || (again && frame.dts <= *again)) return Verdict::Broken;
    again = frame.dts;
    if (told && frame.dts <= *told) return Verdict::Again;
  } else if (told && frame.dts <= *told) {
    forget();
  }
  told = frame.dts;
  if (!picture) return Verdict::New;
  running_ = tried_ = false;
  if (frame.key) note_key(frame);
  return Verdict::New;
}

void Replay::note_key(const media::Frame& frame) {
  keys_.push_back(frame);
  if (keys_.size() > 2) keys_.pop_front();
  std::size_t first = std::min(at_last_key_, pieces_.size());
  while (first > 0 && (first == pieces_.size() || !pieces_[first].at_boundary)) --first;
  for (; first > 0; --first) {
    bytes_ -= pieces_.front().bytes.size();
    pieces_.pop_front();
  }
  at_last_key_ = pieces_.size();
}

bool Replay::is_known_key(const media::Frame& frame) const {
  return std::ranges::any_of(keys_, [&](const media::Frame& key) {
    return frame.key && key.dts == frame.dts &&
           std::ranges::equal(key.data.view(), frame.data.view());
  });
}

}  // namespace butai::worker
