// Thousands of LL-HLS viewers on one thread, each with one blocking reload that the server holds until
// the part it names is there, and then the next.
// Flow:   HoldCrowd (own thread) -> Link per viewer; which part is next comes from the Guide
// Thread: as crowd_thread.h says.
// Limits: kViewersMax; an answer is taken as come with its first byte (a playlist is one send).
//
// A release is timed from when the picture that closed the part was sent (Publisher::newest_us at the
// first answer), or from the first answer where somebody else publishes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/latency_figures.h"
#include "load/crowd_thread.h"
#include "load/guide.h"
#include "load/link.h"

namespace butai::load {

struct HoldTally {
  std::uint64_t opened = 0, failed = 0, closed = 0;
  std::uint64_t answers = 0, rounds = 0;  // in the window
  std::uint64_t bytes = 0;
  std::map<std::string, std::uint64_t> reasons;
  LatencyFigures release,
      after_first;  // since the part was closed; since the first viewer's answer
};

class HoldCrowd final : public CrowdThread {
 public:
  struct Options {
    Target target;
    std::string token;
    std::size_t viewers = 0;
    double joins_per_second = 1'000;
    std::function<std::int64_t()> closed_us;  // when the newest picture was sent; 0: not known
  };
  HoldCrowd(Options options, const Guide& guide);
  ~HoldCrowd() override { stop(); }

  HoldTally finish();

 private:
  enum class Stage : std::uint8_t { Idle, Opening, Ready, Held, Gone };
  struct Viewer {
    Link link;
    Stage stage = Stage::Idle;
    std::uint64_t asked = 0;  // the guidance's version
  };

  int join(std::size_t index, std::int64_t due_us) override;
  void drive(std::size_t index) override;
  std::int64_t turn(std::int64_t now_us, std::int64_t due_us) override;
  void end() override;

  void ask_those_ready();
  void ask(Viewer& viewer);
  void fail(Viewer& viewer, const std::string& why);

  const Options options_;
  const Guide& guide_;
  std::vector<Viewer> viewers_;
  std::uint64_t round_ = 0;  // the newest version that was answered
  std::int64_t closed_us_ = 0, first_us_ = 0;
  Guidance guidance_;
  std::string request_;  // for what the guidance says is next
  TlsClient tls_;
  HoldTally tally_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace butai::load
