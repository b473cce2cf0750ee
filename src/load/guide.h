// What is to be had on an HLS channel right now, found out once for all viewers of a crowd: they
// cannot read it themselves, because they throw away what they get.
// Flow:   server -> Guide (own thread, one connection) -> HlsCrowd, HoldCrowd
// Thread: now() from any; the rest is the guide's thread.
// Limits: asks every kLook, or holds a blocking reload.
#pragma once

#include <atomic>  // stop
#include <cstdint>
#include <mutex>  // of what now() copies
#include <string>
#include <thread>  // one
#include <vector>

#include "load/examiner.h"
#include "load/fetcher.h"

namespace butai::load {

struct Guidance {
  struct Segment {
    std::uint64_t number = 0;
    std::string path;
    std::size_t wire_bytes = 0;
  };
  struct Track {
    std::string playlist;
    std::size_t playlist_wire_bytes = 0;
    std::vector<Segment> segments;  // the newest whole ones, at most kSegmentsKnown
    // The one after `had`, or the newest for who had none (0); null: nothing new.
    const Segment* after(std::uint64_t had) const;
  };
  std::vector<Track> tracks;       // pictures first
  std::uint64_t open_segment = 0;  // of the first track: what a blocking reload asks for next
  std::size_t open_parts = 0;
  std::uint64_t version = 0;  // counts changes
  std::string failure;
};

class Guide {
 public:
  enum class Way : std::uint8_t { Looks, Holds };

  Guide(const Target& target, const std::string& token, Way way)
      : path_(target.path), way_(way), fetcher_(target, token) {}
  ~Guide();
  Guide(const Guide&) = delete;
  Guide& operator=(const Guide&) = delete;

  void start();
  Guidance now() const;
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // The address that the next blocking reload of this guidance has.
  static std::string reload_path(const Guidance& guidance);

 private:
  void run();
  Expected<void> find_tracks(Guidance& next);
  Expected<void> look(Guidance& next);
  Expected<void> hold(Guidance& next);
  void publish(const Guidance& next);

  const std::string path_;
  const Way way_;
  Fetcher fetcher_;
  std::atomic<bool> over_{false};
  std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;
  Guidance now_;
  std::thread thread_;
};

}  // namespace butai::load
