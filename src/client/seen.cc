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

std::string quoted(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : words) out.push_back(json::serialize(json::string(word)));
  return fmt::format("[{}]", fmt::join(out, ","));
}

}  // namespace

std::string locked_out(const Seen& seen) {
  if (seen.protection == "none" || seen.frames + seen.sounds == 0) return {};
  if (seen.licenses_refused > 0 || (seen.licenses == 0 && seen.opened == 0)) {
    return fmt::format("the channel is protected, and not all of its keys came: {}",
                       seen.refusals.empty() ? "no license was given" : seen.refusals.front());
  }
  // A sample that is odd by itself is no reason: what a wrong key leaves is odd half the time.
  if (seen.garbled * 8 > seen.opened) {
    return fmt::format("a key does not fit: {} of {} decrypted samples are no media", seen.garbled,
                       seen.garbled + seen.opened);
  }
  if (!seen.keys_with_service && seen.locked > 0) {
    return fmt::format("{} samples came whose key nobody gave", seen.locked);
  }
  return {};
}

std::string to_json(const Seen& seen, Micros lasted) {
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
  out += fmt::format(R"("codecs":{},"protection":{},"key_ids":{},)", quoted(seen.codecs),
                     json::serialize(json::string(seen.protection)), quoted(seen.key_ids));
  out += fmt::format(
      R"("licenses":{},"license_ms":{{"p50":{:.3f},"max":{:.3f}}},"licenses_refused":{},)",
      seen.licenses, millis_of(seen.license.quantile(0.5)), millis_of(seen.license.max()),
      seen.licenses_refused);
  out += fmt::format(R"("refusals":{},"opened":{},"locked":{},"garbled":{}}})",
                     quoted(seen.refusals), seen.opened, seen.locked, seen.garbled);
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
    row("protection",
        fmt::format("{}, licenses: {} given ({} at most), {} refused", seen.protection,
                    seen.licenses, shown(seen.licenses > 0 ? seen.license.max() : Micros{-1}),
                    seen.licenses_refused));
    for (const std::string& kid : seen.key_ids) row("key", kid);
    row("samples",
        seen.keys_with_service
            ? fmt::format("{} stay encrypted: their keys are for a player's own module",
                          seen.frames + seen.sounds)
            : fmt::format("{} opened, {} without a key, {} that are no media with theirs",
                          seen.opened, seen.locked, seen.garbled));
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
