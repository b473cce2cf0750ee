// What every load run has: a server, perhaps a publisher, patience with a line about it, and a window
// over which the server's cost is measured.
// Thread: the caller's, which it blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "base/status_line.h"
#include "load/material.h"
#include "load/publisher.h"
#include "load/report.h"
#include "load/target.h"
#include "load/usage.h"

namespace butai::load {

struct RunOptions {
  std::string watch_url;
  std::string publish_url;   // empty: somebody else publishes, or nobody
  std::string token;         // else the environment's BUTAI_TOKEN
  std::string pin, ca_file;  // of a wss:// publish address; viewers take any certificate
  Workload workload;
  bool jpeg = false;
  std::size_t viewers = 1'000;
  double joins_per_second = 1'000;
  std::uint32_t seconds = 10;
  int pid = 0;  // of the server; 0: found by its port
  bool json = false;
};

class Run {
 public:
  Run(const RunOptions& options, Target target);

  const Target& target() const { return target_; }
  const std::string& token() const { return token_; }
  Expected<void> publish();  // and waits until there is something to see; nothing if not asked to
  // From now on a publisher that was cut off comes back, while this waits.
  void keep_publishing() { keeps_publishing_ = true; }
  // Asks `joined` until it says "settled"; false with the sentence said when the publisher is gone.
  struct Joined {
    std::uint64_t opened = 0, failed = 0;
    bool settled = false;
  };
  bool wait_for_joins(const std::function<Joined()>& joined);
  void pause(Micros time, const std::string& what);
  // `begin` marks the crowds; then `seconds` pass.
  void measure(const std::function<void()>& begin);
  Usage usage() const { return Usage::now(server_); }
  Micros window() const { return window_; }
  // Cost of `bytes`, the generator's own part, the publisher's state.
  void put_cost(Report& report, std::uint64_t bytes, const LatencyFigures& lag);
  int print(Report& report);
  std::int64_t newest_picture_us() const { return publisher_ ? publisher_->newest_us() : 0; }
  void say(const std::string& sentence) { status_.say(sentence); }

 private:
  Expected<void> begin_publishing();

  const RunOptions& options_;
  const Target target_;
  std::string token_;
  std::vector<pid_t> server_;
  StatusLine status_{stderr};
  std::int64_t shown_us_ = 0;
  std::optional<Publisher> publisher_;
  bool keeps_publishing_ = false;
  Usage at_start_, at_end_;
  double generator_ = 0;
  Micros window_{0};
};

// The address looked up, or the sentence said and nothing.
std::optional<Target> target_of(const RunOptions& options);
void put_reasons(Report& report, const std::map<std::string, std::uint64_t>& reasons);

}  // namespace butai::load
