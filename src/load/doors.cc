#include "load/doors.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <utility>

#include "load/door_crowd.h"
#include "load/instrument.h"
#include "load/limits.h"
#include "load/report.h"
#include "load/usage.h"

namespace butai::load {
namespace {

namespace json = boost::json;
using Stretch = DoorCrowd::Stretch;

struct Guests {
  std::vector<Visitor> there, rush, late;
};

Expected<Visitor> visitor_of(const json::object& line) {
  const auto text = [&line](const char* name) {
    const json::value* value = line.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
  };
  Visitor visitor;
  const std::string is = text("is");
  if (is == "known" || is == "there") {
    visitor.role = Role::Known;
  } else if (is == "cold") {
    visitor.role = Role::Cold;
  } else if (is == "buyer") {
    visitor.role = Role::Buyer;
  } else if (is == "webhook") {
    visitor.role = Role::Webhook;
  } else {
    return problem("\"is\" is there, known, cold, buyer or webhook");
  }
  visitor.address = text("address");
  visitor.cookie = text("cookie");
  visitor.email = text("email");
  visitor.password = text("password");
  visitor.ticket_type = text("ticket_type");
  visitor.path = text("path");
  visitor.signature_header = text("header");
  visitor.signature = text("signature");
  visitor.body = text("body");
  return visitor;
}

Expected<Guests> read_visitors(const std::string& path) {
  std::ifstream file(path);
  if (!file) return problem(fmt::format("{} cannot be read", path));
  Guests guests;
  std::vector<Visitor> others;
  std::string line;
  std::size_t number = 0, bytes = 0;
  while (std::getline(file, line)) {
    ++number;
    bytes += line.size();
    if (bytes > kVisitorListMax) return problem(fmt::format("{} is too large", path));
    if (line.empty()) continue;
    boost::system::error_code wrong;
    const json::value value = json::parse(line, wrong);
    if (wrong || !value.is_object()) {
      return problem(fmt::format("{}:{}: a JSON object a line", path, number));
    }
    auto visitor = visitor_of(value.get_object());
    if (!visitor) {
      return problem(fmt::format("{}:{}: {}", path, number, visitor.error().sentence));
    }
    const json::value* is = value.get_object().if_contains("is");
    (*is == "there" ? guests.there : others).push_back(std::move(*visitor));
  }
  const auto first = static_cast<std::size_t>(kWithinShare * static_cast<double>(others.size()));
  for (std::size_t i = 0; i < others.size(); ++i) {
    (i < first ? guests.rush : guests.late).push_back(std::move(others[i]));
  }
  if (guests.rush.empty()) return problem(fmt::format("{}: nobody comes", path));
  return guests;
}

class Doors {
 public:
  Doors(const DoorOptions& options, Target target)
      : options_(options), run_(options.run, std::move(target)) {}

  int measure(Guests guests) {
    if (const auto published = run_.publish(); !published) {
      run_.say(published.error().sentence);
      return 1;
    }
    came_ = guests.rush.size() + guests.late.size();
    const auto within = static_cast<double>(options_.within);
    DoorCrowd there(crowd(std::move(guests.there), 200, options_.probe_percent));
    DoorCrowd rush(crowd(std::move(guests.rush), 0, 0, within));
    DoorCrowd late(crowd(std::move(guests.late), 0, 0, within));
    there.start();
    if (!wait_for(there)) return 1;
    run_.pause(kSettle, "settling");
    there.turn_to(Stretch::Calm);
    run_.pause(Seconds{options_.calm}, "calm");
    if (options_.killed) run_.keep_publishing();
    there.turn_to(Stretch::Rush);
    run_.say("the doors are open");
    const Usage at_start = run_.usage();
    const double generator = process_cpu_seconds();
    const std::int64_t from = steady_micros();
    rush.start();
    run_.pause(Seconds{options_.within}, "most come");
    late.start();
    run_.pause(Seconds{options_.within}, "the others come");
    const Usage at_end = run_.usage();
    const Micros window{steady_micros() - from};
    const double generator_s = process_cpu_seconds() - generator;
    there.turn_to(Stretch::After);
    run_.pause(Seconds{options_.playing_after + 1}, "until everybody had time");
    DoorTally came = rush.finish();
    came.add(late.finish());
    const DoorTally watched = there.finish();
    return print(came, watched, at_start, at_end, window, generator_s);
  }

 private:
  // In `seconds`, or where they are 0 at `rate`.
  DoorCrowd::Options crowd(std::vector<Visitor> visitors, double rate, unsigned probe_percent,
                           double seconds = 0) const {
    if (seconds > 0) rate = std::max(static_cast<double>(visitors.size()) / seconds, 0.1);
    return {.target = run_.target(),
            .channel = options_.channel,
            .visitors = std::move(visitors),
            .joins_per_second = rate,
            .probe_percent = probe_percent,
            .playing_after = Seconds{options_.playing_after},
            .kbit_per_second = options_.run.workload.kbit_per_second,
            .license_body = options_.license_body};
  }

  bool wait_for(DoorCrowd& there) {
    const std::int64_t until =
        steady_micros() + std::chrono::duration_cast<Micros>(kDoorsWait).count();
    while (!there.settled()) {
      run_.pause(Millis{100}, "those who are there take their seats");
      if (steady_micros() < until) continue;
      run_.say(fmt::format("after {} s only {} watch", kDoorsWait.count() / 1000, there.opened()));
      for (const auto& [what, count] : there.finish().answers) {
        run_.say(fmt::format("{} times {}", count, what));
      }
      return false;
    }
    return true;
  }

  int print(const DoorTally& came, const DoorTally& watched, const Usage& at_start,
            const Usage& at_end, Micros window, double generator_s) {
    Report report;
    report.text("watch", options_.run.watch_url);
    report.number("visitors", static_cast<double>(came_));
    put_visitors(report, came);
    put_restart(report, came, watched);
    put_watchers(report, "calm", watched.findings[static_cast<std::size_t>(Stretch::Calm)]);
    put_watchers(report, "rush", watched.findings[static_cast<std::size_t>(Stretch::Rush)]);
    put_watchers(report, "after", watched.findings[static_cast<std::size_t>(Stretch::After)]);
    for (const auto& [step, waits] : came.steps) report.latency("step_" + step, waits);
    for (const auto& [what, count] : came.answers) {
      report.number("said_" + what, static_cast<double>(count));
    }
    if (!options_.killed) {
      report.cost(at_start, at_end, window, static_cast<double>(came.bytes + watched.bytes) / 1e9);
    }
    report.generator(generator_s, watched.lag, window);
    return run_.print(report);
  }

  static double share(std::uint64_t of, std::uint64_t all) {
    return all == 0 ? 100.0 : 100.0 * static_cast<double>(of) / static_cast<double>(all);
  }

  void put_visitors(Report& report, const DoorTally& came) {
    LatencyFigures everybody, segment;
    std::uint64_t asked = 0, playing = 0, segments = 0;
    for (std::size_t i = 0; i < kRoles; ++i) {
      const DoorTally::Part& part = came.parts[i];
      const auto role = static_cast<Role>(i);
      const std::string name(name_of(role));
      report.number(name + "_came", static_cast<double>(part.came));
      report.number(name + "_served", static_cast<double>(part.first_frames));
      report.number(name + "_segments", static_cast<double>(part.segments));
      report.latency(name + "_first_segment", part.first_segment);
      report.latency(name + "_first_frame", part.first_frame);
      report.latency(name + "_after_let_in", part.after_let_in);
      if (role == Role::Webhook) continue;
      report.number(name + "_playing_percent", share(part.playing, part.asked_after));
      everybody.add(part.first_frame);
      segment.add(part.first_segment);
      segments += part.segments;
      asked += part.asked_after;
      playing += part.playing;
    }
    report.latency("first_frame", everybody);
    report.latency("first_segment", segment);
    report.number("segments", static_cast<double>(segments));
    report.number("playing_percent", share(playing, asked));
    report.number("not_playing", static_cast<double>(asked - playing));
  }

  static void put_restart(Report& report, const DoorTally& came, const DoorTally& watched) {
    const std::uint64_t lost = came.lost + watched.lost;
    report.number("lost", static_cast<double>(lost));
    LatencyFigures back = came.back;
    back.add(watched.back);
    report.latency("back", back);
    report.number("back_in_time_percent", share(came.back_in_time + watched.back_in_time, lost));
  }

  static void put_watchers(Report& report, const std::string& when, const Findings& seen) {
    report.number(when + "_frames", static_cast<double>(seen.frames));
    report.number(when + "_gaps",
                  static_cast<double>(seen.missing + seen.out_of_order + seen.damaged +
                                      seen.unreadable + seen.told_gaps));
    report.latency(when + "_latency", seen.latency);
  }

  const DoorOptions& options_;
  Run run_;
  std::size_t came_ = 0;
};

}  // namespace

int bench_doors(const DoorOptions& options) {
  auto guests = read_visitors(options.visitors);
  if (!guests) {
    fmt::print(stderr, "{}\n", guests.error().sentence);
    return 2;
  }
  if (guests->there.size() + guests->rush.size() + guests->late.size() > kViewersMax) {
    fmt::print(stderr, "one process holds {} viewers\n", kViewersMax);
    return 2;
  }
  auto target = target_of(options.run);
  return target ? Doors(options, std::move(*target)).measure(std::move(*guests)) : 2;
}

}  // namespace butai::load
