#include "load/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

#include "load/instrument.h"
#include "load/limits.h"

namespace butai::load {

Run::Run(const RunOptions& options, Target target)
    : options_(options), target_(std::move(target)), token_(options.token) {
  const char* given = std::getenv("BUTAI_TOKEN");
  if (token_.empty() && given != nullptr) token_ = given;
  prepare_process();
  const pid_t server = options.pid != 0 ? options.pid : find_listener(target_.port);
  if (server != 0) server_ = {server};
}

Expected<void> Run::publish() {
  if (options_.publish_url.empty()) return {};
  if (auto started = begin_publishing(); !started) return started;
  pause(kPublisherAhead, "publishing");
  return {};
}

Expected<void> Run::begin_publishing() {
  PublisherOptions publisher;
  publisher.url = options_.publish_url;
  publisher.client.pin = options_.pin;
  publisher.client.ca_file = options_.ca_file;
  if (!token_.empty()) publisher.client.headers.set("Authorization", "Bearer " + token_);
  publisher.workload = options_.workload;
  publisher.jpeg = options_.jpeg;
  publisher_.emplace(publisher);
  return publisher_->start();
}

bool Run::wait_for_joins(const std::function<Joined()>& joined) {
  while (true) {
    const Joined now = joined();
    if (now.settled) return true;
    if (publisher_ && !publisher_->failure().empty()) {
      status_.say(publisher_->failure());
      return false;
    }
    pause(Millis{100},
          fmt::format("{} of {} joined, {} did not", now.opened, options_.viewers, now.failed));
  }
}

void Run::pause(Micros time, const std::string& what) {
  const std::int64_t until = steady_micros() + time.count();
  const auto interval = std::chrono::duration_cast<Micros>(status_.interval()).count();
  for (std::int64_t now = steady_micros(); now < until; now = steady_micros()) {
    if (now >= shown_us_ + interval) {
      shown_us_ = now;
      status_.show(what);
    }
    std::this_thread::sleep_for(Micros{std::min<std::int64_t>(100'000, until - now)});
    if (keeps_publishing_ && publisher_ && !publisher_->failure().empty()) {
      if (begin_publishing()) status_.say("publishing again");
    }
  }
}

void Run::measure(const std::function<void()>& begin) {
  begin();
  std::this_thread::sleep_for(Millis{20});  // the crowds have marked what they had
  at_start_ = usage();
  const double generator = process_cpu_seconds();
  const std::int64_t from = steady_micros();
  pause(Seconds{options_.seconds}, "measuring");
  window_ = Micros{steady_micros() - from};
  at_end_ = usage();
  generator_ = process_cpu_seconds() - generator;
}

void Run::put_cost(Report& report, std::uint64_t bytes, const LatencyFigures& lag) {
  report.cost(at_start_, at_end_, window_, static_cast<double>(bytes) / 1e9);
  report.generator(generator_, lag, window_);
  if (publisher_ && !publisher_->failure().empty()) report.make_void(publisher_->failure());
}

int Run::print(Report& report) {
  fmt::print("{}\n", options_.json ? report.to_json() : report.to_table());
  return 0;
}

std::optional<Target> target_of(const RunOptions& options) {
  auto target = find_target(options.watch_url);
  if (target) return std::move(*target);
  fmt::print(stderr, "{}\n", target.error().sentence);
  return std::nullopt;
}

void put_reasons(Report& report, const std::map<std::string, std::uint64_t>& reasons) {
  for (const auto& [why, count] : reasons) {
    report.make_void(fmt::format("{} viewers: {}", count, why));
  }
}

}  // namespace butai::load
