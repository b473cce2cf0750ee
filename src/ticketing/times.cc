#include "ticketing/times.h"

#include <fmt/chrono.h>

#include <charconv>

namespace butai::ticketing {
namespace {

// `count` digits at the front of `text`, taken away; nothing when they are not there.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.begin() + count, value);
  if (error != std::errc{} || end != text.begin() + count || value < 0) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool sign(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+09:00", "-05:30"
std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int direction = text[0] == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto hours = digits(text, 2);
  if (!hours || *hours > 14 || !sign(text, ':')) return std::nullopt;
  const auto minutes = digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return std::chrono::minutes{direction * (*hours * 60 + *minutes)};
}

}  // namespace

std::string rfc3339(Utc when) {
  const auto seconds = std::chrono::floor<Seconds>(when);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::optional<Utc> parse_rfc3339(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !sign(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !sign(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day || (!sign(text, 'T') && !sign(text, ' '))) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || *hour > 29 || !sign(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::optional<int> second = 0;
  if (sign(text, ':')) second = digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  if (sign(text, '.')) {
    const std::size_t end = text.find_first_not_of("0123456789");
    if (end == 0 || end == text.npos) return std::nullopt;
    text.remove_prefix(end);
  }
  const auto offset = offset_of(text);
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!offset || !date.ok()) return std::nullopt;
  return Utc{std::chrono::sys_days{date} + std::chrono::hours{*hour} +
             std::chrono::minutes{*minute} + Seconds{*second} - *offset};
}

}  // namespace butai::ticketing
