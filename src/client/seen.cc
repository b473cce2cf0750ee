#include "client/seen.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>

namespace butai::client {
namespace {

namespace json = boost::json;

double millis_of(Micros time) { return static_cast<double>(time.count()) / 1000; }

std::string millis_or_null(Micros time) {
  return time.count() < 0 ? "null" : fmt::format("{:.3f}", millis_of(time));
}

double rate_of(std::uint64_t amount, Micros lasted) {
  return lasted.count() <= 0
             ? 0
             : static_cast<double>(amount) * 1e6 / static_cast<double>(lasted.count());
}

std::string shown(Micros time) {
  return time.count() < 0 ? "-" : fmt::format("{:.1f} ms", millis_of(time));
}

}  // namespace

std::string to_json(const Seen& seen, Micros lasted) {
  std::vector<std::string> codecs;
  for (const std::string& codec : seen.codecs)
    codecs.push_back(json::serialize(json::string(codec)));
  std::string out = fmt::format(R"({{"seconds":{:.3f},"connect_ms":{},"first_frame_ms":{},)",
                                static_cast<double>(lasted.count()) / 1e6,
                                millis_or_null(seen.connect), millis_or_null(seen.first_frame));
  out += fmt::format(R"("latency_ms":{{"p50":{:.3f},"p99":{:.3f},"max":{:.3f},"count":{}}},)",
                     millis_of(seen.latency.quantile(0.5)), millis_of(seen.latency.quantile(0.99)),
                     millis_of(seen.latency.max()), seen.latency.count());
  out += fmt::format(
      R"("frames":{},"frames_per_second":{:.2f},"sounds":{},"messages":{},"bytes":{},)",
      seen.frames, rate_of(seen.frames, lasted), seen.sounds, seen.messages, seen.bytes);
  out += fmt::format(
      R"("kbit_per_second":{:.1f},"inits":{},"gaps":{},"jumps":{},"out_of_order":{},)",
      rate_of(seen.bytes, lasted) * 8 / 1000, seen.inits, seen.gaps, seen.jumps, seen.out_of_order);
  out += fmt::format(R"("unreadable":{},"unstamped":{},"reconnects":{},"width":{},"height":{},)",
                     seen.unreadable, seen.unstamped, seen.reconnects, seen.width, seen.height);
  out += fmt::format(R"("licenses":{},"licenses_refused":{},"codecs":[{}],"protection":{}}})",
                     seen.licenses, seen.licenses_refused, fmt::join(codecs, ","),
                     json::serialize(json::string(seen.protection)));
  return out;
}

std::string to_table(const Seen& seen, Micros lasted) {
  std::string out;
  const auto row = [&out](std::string_view name, const std::string& value) {
    out += fmt::format("{:<14}{}\n", name, value);
  };
  row("picture", fmt::format("{}x{} {}", seen.width, seen.height, fmt::join(seen.codecs, ", ")));
  row("first frame",
      fmt::format("{} (connected after {})", shown(seen.first_frame), shown(seen.connect)));
  if (seen.latency.count() > 0) {
    row("latency", fmt::format("p50 {}, p99 {}, max {}", shown(seen.latency.quantile(0.5)),
                               shown(seen.latency.quantile(0.99)), shown(seen.latency.max())));
  } else {
    row("latency", "not known: the publisher sends no capture time");
  }
  row("frames",
      fmt::format("{} in {:.1f} s, {:.1f}/s", seen.frames,
                  static_cast<double>(lasted.count()) / 1e6, rate_of(seen.frames, lasted)));
  row("bitrate", fmt::format("{:.0f} kbit/s", rate_of(seen.bytes, lasted) * 8 / 1000));
  row("gaps", fmt::format("{} announced, {} not, {} out of order, {} reconnects", seen.gaps,
                          seen.jumps, seen.out_of_order, seen.reconnects));
  if (seen.protection != "none") {
    row("protection", fmt::format("{}, licenses: {} given, {} refused", seen.protection,
                                  seen.licenses, seen.licenses_refused));
  }
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
