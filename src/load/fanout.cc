#include "load/fanout.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "load/crowd.h"
#include "load/limits.h"
#include "load/report.h"
#include "load/target.h"
#include "load/usage.h"

namespace butai::load {
namespace {

// Sinks and probes that join together.
class Audience {
 public:
  Audience(const FanoutOptions& options, const Run& run, std::size_t viewers, double rate) {
    CrowdOptions crowd;
    crowd.target = run.target();
    crowd.websocket = options.run.watch_url.starts_with("ws");
    crowd.request = crowd.websocket ? upgrade_request(run.target(), run.token())
                                    : get_request(run.target(), run.target().path, run.token());
    crowd.kbit_per_second = options.run.workload.kbit_per_second;
    const std::size_t probes = crowd.websocket ? (viewers * options.probe_percent + 99) / 100 : 0;
    const double share = static_cast<double>(probes) / static_cast<double>(viewers);
    crowd.viewers = probes;
    crowd.probes = true;
    crowd.joins_per_second = rate * share;
    if (probes > 0) crowds_.push_back(std::make_unique<Crowd>(crowd));
    crowd.viewers = viewers - probes;
    crowd.probes = false;
    crowd.joins_per_second = rate * (1 - share);
    crowd.stalled_percent = options.stalled_percent;
    crowd.slow_percent = options.slow_percent;
    if (crowd.viewers > 0) crowds_.push_back(std::make_unique<Crowd>(crowd));
  }

  void start() {
    for (auto& crowd : crowds_) crowd->start();
  }
  Run::Joined joined() const {
    Run::Joined all{.opened = 0, .failed = 0, .settled = true};
    for (const auto& crowd : crowds_) {
      all.opened += crowd->opened();
      all.failed += crowd->failed();
      all.settled = all.settled && crowd->settled();
    }
    return all;
  }
  void begin_window() {
    for (auto& crowd : crowds_) crowd->begin_window();
  }
  Tally finish() {
    Tally tally;
    for (auto& crowd : crowds_) tally.add(crowd->finish());
    crowds_.clear();
    return tally;
  }

 private:
  std::vector<std::unique_ptr<Crowd>> crowds_;
};

class Fanout {
 public:
  Fanout(const FanoutOptions& options, Target target)
      : options_(options), run_(options.run, std::move(target)) {}

  int measure() {
    const Usage before = run_.usage();
    if (const auto published = run_.publish(); !published) return fail(published.error().sentence);
    audience_.emplace(options_, run_, options_.run.viewers, options_.run.joins_per_second);
    audience_->start();
    if (!run_.wait_for_joins([this] { return audience_->joined(); })) return 1;
    if (audience_->joined().opened == 0) {
      for (const auto& [why, count] : audience_->finish().reasons) {
        run_.say(fmt::format("{} viewers: {}", count, why));
      }
      return 1;
    }
    run_.pause(kSettle, "settling");
    const Usage settled = run_.usage();
    if (options_.storm > 0) {
      storm_.emplace(options_, run_, options_.storm, options_.storm_per_second);
    }
    run_.measure([this] {
      audience_->begin_window();
      if (!storm_) return;
      storm_->begin_window();
      storm_->start();
    });
    return print(settled.private_kb - std::min(before.private_kb, settled.private_kb));
  }

 private:
  int fail(const std::string& sentence) {
    run_.say(sentence);
    return 1;
  }

  int print(std::uint64_t grown_kb) {
    const Tally tally = audience_->finish();
    const Tally storm = storm_ ? storm_->finish() : Tally{};
    Report report;
    report.text("watch", options_.run.watch_url);
    report.number("viewers", static_cast<double>(options_.run.viewers));
    put_viewers(report, tally);
    run_.put_cost(report, total(tally) + total(storm), tally.lag);
    report.latency("sink_lag", tally.sink_lag);
    report.number("kb_per_viewer",
                  static_cast<double>(grown_kb) /
                      static_cast<double>(std::max<std::uint64_t>(tally.opened, 1)));
    report.findings(tally.findings);
    report.latency("connect", tally.connect);
    report.latency("first_frame", tally.first_frame);
    if (storm_) put_storm(report, storm);
    if (!tally.findings.flawless()) report.make_void("a healthy probe missed something");
    return run_.print(report);
  }

  static std::uint64_t total(const Tally& tally) {
    return std::accumulate(tally.bytes.begin(), tally.bytes.end(), std::uint64_t{0});
  }

  // Whoever got less than nearly everybody's share is starved.
  void put_viewers(Report& report, const Tally& tally) {
    std::vector<std::uint64_t> bytes = tally.bytes;
    std::ranges::sort(bytes);
    const auto median = static_cast<double>(bytes.empty() ? 0 : bytes[bytes.size() / 2]);
    const auto starved = static_cast<double>(std::ranges::count_if(
        bytes, [median](auto mine) { return static_cast<double>(mine) < kStarvedBelow * median; }));
    const auto window = static_cast<double>(run_.window().count());
    report.number("seconds", window / 1e6);
    report.number("opened", static_cast<double>(tally.opened));
    report.number("failed", static_cast<double>(tally.failed));
    report.number("closed", static_cast<double>(tally.closed));
    report.number("cut_off", static_cast<double>(tally.cut_off));
    report.number("starved", starved);
    report.number("median_kbit_per_second", median * 8e3 / window);
    put_reasons(report, tally.reasons);
    if (tally.closed > 0) {
      report.make_void(fmt::format("{} healthy viewers were closed", tally.closed));
    }
    if (starved > 0) report.make_void(fmt::format("{} viewers were starved", starved));
  }

  void put_storm(Report& report, const Tally& storm) {
    report.number("storm", static_cast<double>(options_.storm));
    report.number("storm_opened", static_cast<double>(storm.opened));
    report.number("storm_failed", static_cast<double>(storm.failed));
    report.number("storm_first_frames", static_cast<double>(storm.first_frame.count()));
    report.latency("storm_connect", storm.connect);
    report.latency("storm_first_frame", storm.first_frame);
    put_reasons(report, storm.reasons);
  }

  const FanoutOptions& options_;
  Run run_;
  std::optional<Audience> audience_, storm_;
};

}  // namespace

int bench_fanout(const FanoutOptions& options) {
  if (options.run.viewers + options.storm > kViewersMax) {
    fmt::print(stderr, "one process holds {} viewers; start two for more\n", kViewersMax);
    return 2;
  }
  auto target = target_of(options.run);
  return target ? Fanout(options, std::move(*target)).measure() : 2;
}

}  // namespace butai::load
