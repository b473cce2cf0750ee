#include "client/probe_report.h"

#include <fmt/format.h>

#include <utility>

namespace butai::client {

void ProbeReport::print(const LatencyFigures& figures, std::string_view more) {
  if (figures.count() == 0) return fail("nothing was received that carries a capture time");
  if (std::exchange(over_, true)) return;
  fmt::print(R"({{"probe":"{}","p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f},"count":{}{}}})"
             "\n",
             probe_, millis_of(figures.quantile(0.5)), millis_of(figures.quantile(0.99)),
             millis_of(figures.max()), figures.count(), more);
  std::fflush(stdout);
  exit_status_ = 0;
  loop_.stop();
}

void ProbeReport::fail(std::string_view sentence) {
  if (std::exchange(over_, true)) return;
  fmt::print(stderr, "{}: {}\n", probe_, sentence);
  loop_.stop();
}

}  // namespace butai::client
