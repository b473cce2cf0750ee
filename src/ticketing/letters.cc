#include "ticketing/letters.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/zone.h"
#include "mail/outbox.h"
#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

// Groups of three digits, as both languages write them.
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t at = std::ssize(digits) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

void add_money(mail::Values& values, const Money& money) {
  if (money.currency == "JPY") {
    values.emplace_back("total_ja", grouped(money.minor) + "円");
    values.emplace_back("total_en", "¥" + grouped(money.minor));
    return;
  }
  values.emplace_back("total", fmt::format("{} {}.{:02}", money.currency,
                                           grouped(money.minor / 100), money.minor % 100));
}

void add_text(mail::Values& values, const std::string& name, const std::string& ja,
              const std::string& en) {
  values.emplace_back(name + "_ja", ja.empty() ? en : ja);
  values.emplace_back(name + "_en", en.empty() ? ja : en);
}

void add_moment(mail::Values& values, const std::string& name, Utc when, const std::string& zone) {
  add_text(values, name, moment_text(when, zone, "ja"), moment_text(when, zone, "en"));
}

}  // namespace

std::string moment_text(Utc when, std::string_view zone, std::string_view language) {
  constexpr std::string_view kDaysJa[] = {"日", "月", "火", "水", "木", "金", "土"};
  constexpr std::string_view kDaysEn[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
  const auto shown = std::chrono::floor<Seconds>(when + utc_offset(zone, when));
  const auto tm = fmt::gmtime(std::chrono::system_clock::to_time_t(shown));
  const bool japan = zone == "Asia/Tokyo";
  if (language == "ja") {
    return fmt::format("{}年{}月{}日({}) {:02}:{:02}（{}）", tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday, kDaysJa[tm.tm_wday], tm.tm_hour, tm.tm_min,
                       japan ? "日本時間" : zone);
  }
  return fmt::format("{}, {} {} {}, {:02}:{:02} ({})", kDaysEn[tm.tm_wday], tm.tm_mday,
                     kMonths[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                     japan ? "Japan time" : zone);
}

void tell(Work& work, mail::Kind kind, const Order& order, mail::Values more) {
  const auto event =
      work.sql.row("SELECT title_ja, title_en, zone FROM event WHERE id = ?", {order.event});
  if (!event) return;
  mail::Values values = std::move(more);
  values.emplace_back("path", "/orders/" + order.id);
  values.emplace_back("order", order.id);
  add_text(values, "event", event->text(0), event->text(1));
  add_money(values, order.total);
  add_moment(values, "until", order.pay_until, event->text(2));
  mail::queue(work.sql, work.now,
              {.key = fmt::format("{} {}", mail::name_of(kind), order.id),
               .account = order.account,
               .kind = kind,
               .values = std::move(values)});
}

void tell_holders(Work& work, mail::Kind kind, std::string_view performance) {
  const auto row = work.sql.row(
      "SELECT e.title_ja, e.title_en, e.zone, e.slug, p.doors_at, p.start_at, p.end_at"
      " FROM performance p JOIN event e ON e.id = p.event WHERE p.id = ?",
      {performance});
  if (!row) return;
  const std::string zone = row->text(2);
  const Utc end = utc_of(row->number(6));
  mail::Values values{{"path", kind == mail::Kind::Reminder ? "/tickets" : "/e/" + row->text(3)}};
  add_text(values, "event", row->text(0), row->text(1));
  add_moment(values, "doors", utc_of(row->number(4)), zone);
  add_moment(values, "start", utc_of(row->number(5)), zone);
  add_moment(values, "end", end, zone);
  mail::queue_all(
      work.sql, work.now,
      {.key = fmt::format("{} {} {}", mail::name_of(kind), performance, row->number(5) / 1'000'000),
       .account = {},
       .kind = kind,
       .values = std::move(values),
       .until = end},
      "SELECT t.account FROM entitlement t JOIN ticket_type_performance l"
      " ON l.ticket_type = t.ticket_type WHERE l.performance = ? AND t.valid = 1",
      {performance});
}

void remind(Work& work) {
  for (const store::Row& row :
       work.sql.rows("SELECT p.id FROM performance p JOIN event e ON e.id = p.event"
                     " WHERE p.reminded = 0 AND p.doors_at > ? AND p.doors_at <= ?"
                     " AND e.state <> 'draft'",
                     {work.micros(), micros_of(work.now + kRemindBefore)})) {
    // Of two nodes one does it.
    if (work.sql.run("UPDATE performance SET reminded = 1 WHERE id = ? AND reminded = 0",
                     {row.text(0)}) == 0) {
      continue;
    }
    tell_holders(work, mail::Kind::Reminder, row.text(0));
  }
}

}  // namespace butai::ticketing
