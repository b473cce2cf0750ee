#include "client/seen.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <cmath>

namespace butai::client {
namespace {

namespace json = boost::json;

double millis_of(Micros time) { return static_cast<double>(time.count()) / 1000; }

json::value millis_or_null(Micros time) {
  return time.count() < 0 ? json::value(nullptr) : json::value(millis_of(time));
}

double rate_of(std::uint64_t amount, Micros lasted) {
  return lasted.count() <= 0 ? 0
                             : static_cast<double>(amount) * 1e6 / static_cast<double>(lasted.count());
}

std::string shown(Micros time) {
  return time.count() < 0 ? "-" : fmt::format("{:.1f} ms", millis_of(time));
}

}  // namespace

std::string to_json(const Seen& seen, Micros lasted) {
  json::array codecs;
  for (const std::string& codec : seen.codecs) codecs.emplace_back(codec);
  return json::serialize(json::object{
      {"seconds", static_cast<double>(lasted.count()) / 1e6},
      {"connect_ms", millis_or_null(seen.connect)},
      {"first_frame_ms", millis_or_null(seen.first_frame)},
      {"latency_ms", json::object{{"p50", millis_of(seen.latency.quantile(0.5))},
                                  {"p99", millis_of(seen.latency.quantile(0.99))},
                                  {"max", millis_of(seen.latency.max())},
                                  {"count", seen.latency.count()}}},
      {"frames", seen.frames},
      {"frames_per_second", rate_of(seen.frames, lasted)},
      {"sounds", seen.sounds},
      {"messages", seen.messages},
      {"bytes", seen.bytes},
      {"kbit_per_second", rate_of(seen.bytes, lasted) * 8 / 1000},
      {"inits", seen.inits},
      {"gaps", seen.gaps},
      {"jumps", seen.jumps},
      {"out_of_order", seen.out_of_order},
      {"unreadable", seen.unreadable},
      {"unstamped", seen.unstamped},
      {"reconnects", seen.reconnects},
      {"width", seen.width},
      {"height", seen.height},
      {"codecs", codecs},
      {"protection", seen.protection},
  });
}

std::string to_table(const Seen& seen, Micros lasted) {
  std::string out;
  const auto row = [&out](std::string_view name, const std::string& value) {
    out += fmt::format("{:<14}{}\n", name, value);
  };
  row("picture", fmt::format("{}x{} {}", seen.width, seen.height, fmt::join(seen.codecs, ", ")));
  row("first frame", fmt::format("{} (connected after {})", shown(seen.first_frame), shown(seen.connect)));
  if (seen.latency.count() > 0) {
    row("latency", fmt::format("p50 {}, p99 {}, max {}", shown(seen.latency.quantile(0.5)),
                               shown(seen.latency.quantile(0.99)), shown(seen.latency.max())));
  } else {
    row("latency", "not known: the publisher sends no capture time");
  }
  row("frames", fmt::format("{} in {:.1f} s, {:.1f}/s", seen.frames,
                            static_cast<double>(lasted.count()) / 1e6, rate_of(seen.frames, lasted)));
  row("bitrate", fmt::format("{:.0f} kbit/s", rate_of(seen.bytes, lasted) * 8 / 1000));
  row("gaps", fmt::format("{} announced, {} not, {} out of order, {} reconnects", seen.gaps,
                          seen.jumps, seen.out_of_order, seen.reconnects));
  if (seen.unreadable > 0) row("unreadable", fmt::format("{} messages", seen.unreadable));
  return out;
}

std::string to_status(const Seen& seen, double bits_per_second) {
  return fmt::format("{} frames, {:.0f} kbit/s, latency {}, gaps {}, reconnects {}", seen.frames,
                     bits_per_second / 1000,
                     seen.latency.count() > 0 ? shown(seen.latency.quantile(0.5)) : "-",
                     seen.gaps + seen.jumps, seen.reconnects);
}

}  // namespace butai::client
