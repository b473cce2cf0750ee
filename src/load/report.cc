#include "load/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "load/limits.h"

namespace butai::load {
namespace {

double millis_of(Micros time) { return static_cast<double>(time.count()) / 1000; }
double seconds_of(Micros time) { return static_cast<double>(time.count()) / 1e6; }

std::string quoted(std::string_view text) {
  return boost::json::serialize(
      boost::json::string(boost::json::string_view(text.data(), text.size())));
}

}  // namespace

void Report::number(std::string_view name, double value) {
  lines_.emplace_back(name, fmt::format("{:.6g}", value));
}

void Report::text(std::string_view name, std::string_view value) {
  lines_.emplace_back(name, quoted(value));
}

void Report::latency(std::string_view name, const LatencyFigures& figures) {
  if (figures.count() == 0) return;
  number(fmt::format("{}_p50_ms", name), millis_of(figures.quantile(0.5)));
  number(fmt::format("{}_p99_ms", name), millis_of(figures.quantile(0.99)));
  number(fmt::format("{}_p999_ms", name), millis_of(figures.quantile(0.999)));
  number(fmt::format("{}_max_ms", name), millis_of(figures.max()));
}

void Report::cost(const Usage& before, const Usage& after, Micros window, double gigabytes) {
  const double seconds = seconds_of(window);
  const double cpu = after.cpu_seconds - before.cpu_seconds;
  const double softirq = after.softirq_seconds - before.softirq_seconds;
  number("gigabytes", gigabytes);
  number("gbit_per_second", gigabytes * 8 / seconds);
  if (after.cpu_seconds > 0) {
    number("server_cores", cpu / seconds);
    number("ksoftirqd_cores", softirq / seconds);
    if (gigabytes > 0) number("cpu_s_per_gb", (cpu + softirq) / gigabytes);
    number("server_rss_mb", static_cast<double>(after.resident_kb) / 1024);
    if (softirq > kSoftirqMax * cpu) {
      make_void(fmt::format("ksoftirqd did {:.0f} % of the server's work", 100 * softirq / cpu));
    }
  }
  const double steal = (after.steal_seconds - before.steal_seconds) /
                       static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN)) / seconds;
  number("steal", steal);
  number("socket_mb", static_cast<double>(after.socket_pages) * 4 / 1024);
  if (steal > kStealMax) make_void(fmt::format("{:.1f} % of the machine was stolen", 100 * steal));
  for (const auto& [name, value] : after.network) {
    const auto was = before.network.find(name);
    const std::uint64_t risen = value - (was == before.network.end() ? 0 : was->second);
    if (risen > 0) make_void(fmt::format("{} rose by {}", name, risen));
  }
}

void Report::generator(double cpu_seconds, const LatencyFigures& lag, Micros window) {
  const double cores = cpu_seconds / seconds_of(window);
  number("generator_cores", cores);
  latency("probe_lag", lag);
  if (cores > kGeneratorMax) {
    make_void(fmt::format("the generator took {:.0f} % of a core", 100 * cores));
  }
  if (lag.quantile(0.99) > kProbeLagMax) {
    make_void(fmt::format("the probes were {:.1f} ms late (p99)", millis_of(lag.quantile(0.99))));
  }
}

void Report::findings(const Findings& findings) {
  number("probe_frames", static_cast<double>(findings.frames));
  number("probe_sounds", static_cast<double>(findings.sounds));
  number("missing", static_cast<double>(findings.missing));
  number("out_of_order", static_cast<double>(findings.out_of_order));
  number("damaged", static_cast<double>(findings.damaged));
  number("unreadable", static_cast<double>(findings.unreadable));
  number("gaps_told", static_cast<double>(findings.told_gaps));
  latency("latency", findings.latency);
}

std::string Report::to_json() const {
  std::string out = "{";
  for (const auto& [name, value] : lines_) out += fmt::format("{}:{},", quoted(name), value);
  std::vector<std::string> reasons;
  for (const std::string& reason : void_) reasons.push_back(quoted(reason));
  return out + fmt::format("\"void\":[{}]}}", fmt::join(reasons, ","));
}

std::string Report::to_table() const {
  std::string out;
  for (const auto& [name, value] : lines_) out += fmt::format("{:<24}{}\n", name, value);
  for (const std::string& reason : void_) out += fmt::format("{:<24}{}\n", "VOID", reason);
  return out;
}

}  // namespace butai::load
