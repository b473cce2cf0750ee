#include "load/guide.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "load/instrument.h"
#include "load/limits.h"
#include "load/playlist.h"

namespace butai::load {

Guide::~Guide() {
  over_.store(true);
  if (thread_.joinable()) thread_.join();
}

void Guide::start() {
  thread_ = std::thread([this] { run(); });
}

Guidance Guide::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

void Guide::publish(const Guidance& next) {
  const std::lock_guard lock(mutex_);
  now_ = next;
  now_.version = version_.load() + 1;
  version_.store(now_.version, std::memory_order_release);
}

const Guidance::Segment* Guidance::Track::after(std::uint64_t had) const {
  if (segments.empty()) return nullptr;
  if (had == 0) return &segments.back();
  const auto found =
      std::ranges::find_if(segments, [had](const Segment& s) { return s.number > had; });
  return found == segments.end() ? nullptr : &*found;
}

std::string Guide::reload_path(const Guidance& guidance) {
  return fmt::format("{}?_HLS_msn={}&_HLS_part={}", guidance.tracks.front().playlist,
                     guidance.open_segment, guidance.open_parts);
}

void Guide::run() {
  become_instrument();
  Guidance next;
  while (!over_.load()) {
    Expected<void> done;
    if (next.tracks.empty()) {
      done = find_tracks(next);
    } else {
      done = way_ == Way::Looks ? look(next) : hold(next);
    }
    next.failure = done ? "" : done.error().sentence;
    if (!done) publish(next);
    if (!done || way_ == Way::Looks) std::this_thread::sleep_for(kLook);
  }
}

Expected<void> Guide::find_tracks(Guidance& next) {
  const auto answer = fetcher_.fetch(path_);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) return problem(fmt::format("{} answers {}", path_, answer->status));
  for (std::string& path : media_playlists(as_text(answer->body), path_)) {
    next.tracks.emplace_back().playlist = std::move(path);
  }
  if (next.tracks.empty()) return problem(fmt::format("{} names no playlist", path_));
  return look(next);
}

Expected<void> Guide::look(Guidance& next) {
  bool changed = false;
  for (Guidance::Track& track : next.tracks) {
    const auto answer = fetcher_.fetch(track.playlist);
    if (!answer) return std::unexpected(answer.error());
    if (answer->status != 200)
      return problem(fmt::format("{} answers {}", track.playlist, answer->status));
    track.playlist_wire_bytes = answer->wire_bytes;
    const MediaPlaylist list = read_media_playlist(as_text(answer->body), track.playlist);
    if (&track == &next.tracks.front()) {
      next.open_segment = list.open_segment();
      next.open_parts = list.open_parts;
    }
    const std::uint64_t newest = list.open_segment() - 1;
    const std::uint64_t known = track.segments.empty() ? newest - 1 : track.segments.back().number;
    for (std::uint64_t number = std::max(known + 1, list.first); number <= newest; ++number) {
      const std::string& path = list.segments[number - list.first];
      const auto segment = fetcher_.fetch(path);
      if (!segment) return std::unexpected(segment.error());
      if (segment->status != 200)
        return problem(fmt::format("{} answers {}", path, segment->status));
      track.segments.push_back({number, path, segment->wire_bytes});
      if (track.segments.size() > kSegmentsKnown) track.segments.erase(track.segments.begin());
      changed = true;
    }
  }
  if (changed || version() == 0) publish(next);
  return {};
}

Expected<void> Guide::hold(Guidance& next) {
  const auto answer = fetcher_.fetch(reload_path(next));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200)
    return problem(fmt::format("a held request is answered {}", answer->status));
  const MediaPlaylist list =
      read_media_playlist(as_text(answer->body), next.tracks.front().playlist);
  next.open_segment = list.open_segment();
  next.open_parts = list.open_parts;
  publish(next);
  return {};
}

}  // namespace butai::load
