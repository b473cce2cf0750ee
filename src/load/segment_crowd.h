// Thousands of HLS viewers on one thread, each on a player's schedule: every two seconds, at a phase
// of its own, the playlist and the newest segment of each track, one after the other on one
// connection that is kept.
// Flow:   SegmentCrowd (own thread) -> Link per viewer; what to ask for comes from the Guide
// Thread: as crowd_thread.h says.
// Limits: load/limits.h.
//
// Open loop: a viewer's rounds begin when they are due. One that is still busy then has missed its
// round, which is counted. Sinks know from the guide how many bytes an answer has and throw them away;
// probes read, and examine each segment.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/latency_figures.h"
#include "load/crowd_thread.h"
#include "load/examiner.h"
#include "load/guide.h"
#include "load/link.h"

namespace butai::load {

struct SegmentTally {
  std::uint64_t opened = 0, failed = 0, closed = 0;
  std::uint64_t rounds = 0, missed = 0;  // in the window
  std::uint64_t bytes = 0;               // of the wire, in the window
  std::map<std::string, std::uint64_t> reasons;
  LatencyFigures round_time;  // from when it was due to the last byte
  Findings findings;
  LatencyFigures lag;
};

class SegmentCrowd final : public CrowdThread {
 public:
  struct Options {
    Target target;
    std::string token;
    std::size_t viewers = 0;
    double joins_per_second = 1'000;
    unsigned probe_percent = 5;
  };
  SegmentCrowd(Options options, const Guide& guide);
  ~SegmentCrowd() override { stop(); }

  SegmentTally finish();

 private:
  enum class Stage : std::uint8_t { Idle, Opening, Resting, Playlist, Segment, Gone };
  struct Viewer {
    Link link;
    Stage stage = Stage::Idle;
    bool probe = false, read_once = false;
    std::size_t track = 0;
    std::int64_t due_us = 0;    // of the round
    std::int64_t expected = 0;  // wire bytes of this answer
    std::int64_t received = 0;
    std::vector<std::uint8_t> answer;  // of a probe
    std::vector<std::uint64_t> had;    // newest segment of each track
    std::vector<std::unique_ptr<Examiner>> examiners;
  };

  void begin(std::int64_t now_us) override;
  int join(std::size_t index, std::int64_t due_us) override;
  void drive(std::size_t index) override;
  void enter_window() override { tally_.findings = {}; }
  std::int64_t turn(std::int64_t now_us, std::int64_t due_us) override;
  void end() override;

  void begin_round(Viewer& viewer, std::int64_t due_us);
  void drain(Viewer& viewer);
  void ask_playlist(Viewer& viewer);
  bool ask_segment(Viewer& viewer);  // false: there is no newer one
  void ask(Viewer& viewer, Stage what, const std::string& path, std::int64_t expected);
  void next_step(Viewer& viewer);
  void take_probe(Viewer& viewer);
  void fail(Viewer& viewer, const std::string& why);

  const Options options_;
  const Guide& guide_;
  std::vector<Viewer> viewers_;
  std::vector<std::vector<std::size_t>> phases_;  // viewers by hundredth of the period
  std::size_t phase_ = 0;
  std::int64_t next_phase_us_ = 0;
  Guidance guidance_;
  TlsClient tls_;
  SegmentTally tally_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace butai::load
