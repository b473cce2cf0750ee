// What a run says in the end: a table for people, one JSON object for programs.
// Thread: plain values of their owner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/latency_figures.h"
#include "base/time.h"
#include "load/crowd.h"
#include "load/usage.h"

namespace butai::load {

class Report {
 public:
  void number(std::string_view name, double value);
  void text(std::string_view name, std::string_view value);
  // name_p50_ms, name_p99_ms, name_p999_ms, name_max_ms; nothing when nothing was measured.
  void latency(std::string_view name, const LatencyFigures& figures);
  // Why the figures are not worth quoting; each such reason is named.
  void make_void(std::string reason) { void_.push_back(std::move(reason)); }
  bool good() const { return void_.empty(); }

  // The difference of two usages over a window; `gigabytes` were delivered.
  void cost(const Usage& before, const Usage& after, Micros window, double gigabytes);
  void generator(double cpu_seconds, const LatencyFigures& lag, Micros window);
  void findings(const Findings& findings);

  std::string to_json() const;
  std::string to_table() const;

 private:
  // The value as JSON.
  std::vector<std::pair<std::string, std::string>> lines_;
  std::vector<std::string> void_;
};

}  // namespace butai::load
