#include "base/zone.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>  // tables are read on whichever thread asks first
#include <string>

namespace butai {
namespace {

constexpr std::size_t kZoneBytesMax = 64 * 1024;  // the largest of tzdata has 4 kB
constexpr std::int32_t kJapan = 9 * 3600;
constexpr std::size_t kHeaderBytes = 44;

std::int64_t number_at(ByteView bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = (bytes[at] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[at + i];
  return static_cast<std::int64_t>(value);
}

// The six counts of a header: UT flags, standard flags, leap seconds, times, types, letters.
struct Counts {
  std::size_t ut = 0, standard = 0, leaps = 0, times = 0, types = 0, letters = 0;
  std::size_t bytes(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard + ut;
  }
};

std::optional<Counts> counts_at(ByteView file, std::size_t at) {
  if (file.size() < at + kHeaderBytes || as_text(file.subspan(at, 4)) != "TZif") {
    return std::nullopt;
  }
  Counts counts;
  std::size_t* const all[] = {&counts.ut,    &counts.standard, &counts.leaps,
                              &counts.times, &counts.types,    &counts.letters};
  for (std::size_t i = 0; i < std::size(all); ++i) {
    const std::int64_t count = number_at(file, at + 20 + 4 * i, 4);
    if (count < 0 || count > static_cast<std::int64_t>(kZoneBytesMax)) return std::nullopt;
    *all[i] = static_cast<std::size_t>(count);
  }
  return counts;
}

bool is_zone_name(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::ranges::all_of(name, plain);
}

ZoneTable load(std::string_view zone) {
  const ZoneTable japan{{0, kJapan}};
  if (!is_zone_name(zone)) return japan;
  std::ifstream file("/usr/share/zoneinfo/" + std::string(zone), std::ios::binary);
  std::string bytes(kZoneBytesMax, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return read_zone_table(as_bytes(bytes)).value_or(japan);
}

}  // namespace

std::optional<ZoneTable> read_zone_table(ByteView file) {
  const auto old = counts_at(file, 0);  // the first table has 32-bit times, the second 64-bit ones
  if (!old || file[4] < '2') return std::nullopt;
  const std::size_t second = kHeaderBytes + old->bytes(4);
  const auto counts = counts_at(file, second);
  const std::size_t times = second + kHeaderBytes;
  if (!counts || counts->types == 0 || file.size() < times + counts->bytes(8)) return std::nullopt;
  const std::size_t kinds = times + counts->times * 8;
  const std::size_t types = kinds + counts->times;
  const auto offset_of = [&](std::size_t type) {
    return static_cast<std::int32_t>(number_at(file, types + 6 * type, 4));
  };
  ZoneTable table{{INT64_MIN, offset_of(0)}};
  for (std::size_t i = 0; i < counts->times; ++i) {
    const std::size_t type = file[kinds + i];
    const std::int64_t from = number_at(file, times + 8 * i, 8);
    if (type >= counts->types || from < table.back().first) return std::nullopt;
    table.emplace_back(from, offset_of(type));
  }
  return table;
}

Seconds utc_offset(std::string_view zone, Utc at) {
  static std::mutex mutex;
  static std::map<std::string, ZoneTable, std::less<>> tables;
  const std::lock_guard lock(mutex);
  auto found = tables.find(zone);
  if (found == tables.end()) found = tables.emplace(std::string(zone), load(zone)).first;
  const std::int64_t seconds = std::chrono::floor<Seconds>(at).time_since_epoch().count();
  const ZoneTable& table = found->second;
  const auto next = std::ranges::upper_bound(table, seconds, {}, &ZoneTable::value_type::first);
  return Seconds{next == table.begin() ? table.front().second : std::prev(next)->second};
}

}  // namespace butai
