#include "load/hls.h"

#include <fmt/format.h>

#include "load/guide.h"
#include "load/hold_crowd.h"
#include "load/limits.h"
#include "load/segment_crowd.h"

namespace butai::load {
namespace {

// Publishes, and waits until the guide knows what viewers can ask for.
bool open_house(Run& run, Guide& guide) {
  if (const auto published = run.publish(); !published) {
    run.say(published.error().sentence);
    return false;
  }
  guide.start();
  Guidance seen;
  for (int tries = 0; tries < 100; ++tries) {
    seen = guide.now();
    if (!seen.tracks.empty() && !seen.tracks.front().segments.empty()) return true;
    run.pause(Millis{200}, "waiting for the first segment");
  }
  run.say(seen.failure.empty() ? "there is no segment after 20 s" : seen.failure);
  return false;
}

template <class Crowd>
bool fill(Run& run, Crowd& crowd) {
  crowd.start();
  if (!run.wait_for_joins(
          [&crowd] { return Run::Joined{crowd.opened(), crowd.failed(), crowd.settled()}; })) {
    return false;
  }
  run.pause(kSettle, "settling");
  run.measure([&crowd] { crowd.begin_window(); });
  return true;
}

template <class Tally>
void put_viewers(Report& report, const RunOptions& options, const Tally& tally) {
  report.text("watch", options.watch_url);
  report.number("viewers", static_cast<double>(options.viewers));
  report.number("opened", static_cast<double>(tally.opened));
  report.number("failed", static_cast<double>(tally.failed));
  report.number("closed", static_cast<double>(tally.closed));
  put_reasons(report, tally.reasons);
}

}  // namespace

int bench_hls(const HlsOptions& options) {
  auto target = target_of(options.run);
  if (!target) return 2;
  Run run(options.run, std::move(*target));
  Guide guide(run.target(), run.token(), Guide::Way::Looks);
  if (!open_house(run, guide)) return 1;
  SegmentCrowd crowd({.target = run.target(),
                      .token = run.token(),
                      .viewers = options.run.viewers,
                      .joins_per_second = options.run.joins_per_second,
                      .probe_percent = options.probe_percent},
                     guide);
  if (!fill(run, crowd)) return 1;
  const SegmentTally tally = crowd.finish();
  Report report;
  put_viewers(report, options.run, tally);
  report.number("rounds", static_cast<double>(tally.rounds));
  report.number("missed", static_cast<double>(tally.missed));
  report.latency("round", tally.round_time);
  run.put_cost(report, tally.bytes, {});
  report.latency("generator_lag", tally.lag);
  report.findings(tally.findings);
  if (tally.missed > 0) report.make_void(fmt::format("{} rounds were missed", tally.missed));
  if (!tally.findings.flawless()) report.make_void("a probe missed something");
  return run.print(report);
}

int bench_llhls(const HlsOptions& options) {
  auto target = target_of(options.run);
  if (!target) return 2;
  Run run(options.run, std::move(*target));
  Guide guide(run.target(), run.token(), Guide::Way::Holds);
  if (!open_house(run, guide)) return 1;
  HoldCrowd crowd({.target = run.target(),
                   .token = run.token(),
                   .viewers = options.run.viewers,
                   .joins_per_second = options.run.joins_per_second,
                   .closed_us = [&run] { return run.newest_picture_us(); }},
                  guide);
  if (!fill(run, crowd)) return 1;
  const HoldTally tally = crowd.finish();
  Report report;
  put_viewers(report, options.run, tally);
  report.number("releases", static_cast<double>(tally.rounds));
  report.number("answers", static_cast<double>(tally.answers));
  report.latency("release", tally.release);
  report.latency("after_first", tally.after_first);
  run.put_cost(report, tally.bytes, {});
  return run.print(report);
}

}  // namespace butai::load
