// How a probe ends: with one JSON line of figures, or with a sentence; either stops the loop.
// Thread: the probe's loop.
#pragma once

#include <string>
#include <string_view>

#include "base/latency_figures.h"
#include "net/loop.h"

namespace butai::client {

inline double millis_of(Micros time) { return static_cast<double>(time.count()) / 1000; }

class ProbeReport {
 public:
  ProbeReport(net::Loop& loop, std::string_view probe) : loop_(loop), probe_(probe) {}

  // The first call of either counts. `more`: further members, each with a comma before it.
  void print(const LatencyFigures& figures, std::string_view more);
  void fail(std::string_view sentence);
  int exit_status() const { return exit_status_; }

 private:
  net::Loop& loop_;
  std::string probe_;
  int exit_status_ = 1;
  bool over_ = false;
};

}  // namespace butai::client
