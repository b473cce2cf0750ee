#include "mail/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "mail/limits.h"

namespace butai::mail {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, kKinds> kNames{
    "verify",    "reset",       "held",     "confirmed", "store-number", "paid",
    "late-seat", "late-refund", "reminder", "delayed",   "refunded"};

std::string text_of(const Values& values) {
  json::object object;
  for (const auto& [name, value] : values) object[name] = value;
  return json::serialize(object);
}

Values values_of(const std::string& text) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  Values values;
  if (error || !parsed.is_object()) return values;
  for (const auto& [name, value] : parsed.as_object()) {
    if (value.is_string()) values.emplace_back(std::string(name), std::string(value.as_string()));
  }
  return values;
}

Utc after_tries(Utc now, std::int64_t tries) {
  const std::int64_t seconds = kAgainFirst.count() << std::min<std::int64_t>(tries, 10);
  return now + std::min(Seconds{seconds}, kAgainMost);
}

// A letter that is over, with what became of it; its contents go.
void close(store::Sql& sql, std::string_view key, std::string_view state, std::string_view why,
           Utc now) {
  sql.run("UPDATE letter SET state = ?, why = ?, content = '', next_at = ? WHERE letter_key = ?",
          {state, why.substr(0, kReasonBytesMax), micros_of(now), key});
}

}  // namespace

std::string_view name_of(Kind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::optional<Kind> kind_of(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Kind>(found - kNames.begin());
}

std::int64_t queue_all(store::Sql& sql, Utc now, const Letter& letter, std::string_view accounts,
                       const store::Sql::Values& values) {
  store::Sql::Values all{
      letter.key,     name_of(letter.kind), text_of(letter.values),
      micros_of(now), micros_of(now),       micros_of(letter.until.value_or(now + kKeptFor))};
  all.insert(all.end(), values.begin(), values.end());
  // The casts tell PostgreSQL what the values are.
  return sql.run(
      fmt::format(
          "INSERT INTO letter (letter_key, account, address, language, kind, content, state, why,"
          " created_at, next_at, until_at, tries)"
          " SELECT CAST(? AS TEXT) || ' ' || a.id, a.id, a.email, COALESCE(a.language, ''),"
          " CAST(? AS TEXT), CAST(? AS TEXT), 'waiting', '', CAST(? AS BIGINT), CAST(? AS BIGINT),"
          " CAST(? AS BIGINT), 0 FROM account a WHERE a.email IS NOT NULL AND a.id IN ({})"
          " ON CONFLICT (letter_key) DO NOTHING",
          accounts),
      all);
}

bool queue(store::Sql& sql, Utc now, const Letter& letter) {
  return queue_all(sql, now, letter, "SELECT CAST(? AS TEXT)", {letter.account}) > 0;
}

std::vector<Claimed> claim(store::Sql& sql, Utc now) {
  // Whoever held a letter so long has died with it, perhaps behind its last byte.
  for (const store::Row& row :
       sql.rows("SELECT letter_key FROM letter WHERE state = 'sending' AND next_at <= ?",
                {micros_of(now - kHeldMost)})) {
    close(sql, row.text(0), "unknown", "the server ended while it was sent", now);
  }
  for (const store::Row& row :
       sql.rows("SELECT letter_key FROM letter WHERE state = 'waiting' AND until_at <= ? LIMIT ?",
                {micros_of(now), kLettersAtOnce})) {
    close(sql, row.text(0), "late", "nobody took it in time", now);
  }
  std::vector<Claimed> claimed;
  for (const store::Row& row :
       sql.rows("SELECT letter_key, address, language, kind, content, created_at, tries FROM letter"
                " WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at LIMIT ?",
                {micros_of(now), kLettersAtOnce})) {
    const std::string key = row.text(0);
    // Of two nodes one gets it.
    if (sql.run("UPDATE letter SET state = 'sending', next_at = ?"
                " WHERE letter_key = ? AND state = 'waiting'",
                {micros_of(now), key}) == 0) {
      continue;
    }
    const auto kind = kind_of(row.text(3));
    if (!kind) continue;
    claimed.push_back({key, row.text(1), row.text(2) == "ja" ? "ja" : "en", *kind,
                       values_of(row.text(4)), utc_of(row.number(5)), row.number(6)});
  }
  return claimed;
}

void settle(store::Sql& sql, Utc now, const Claimed& letter, const Delivery& delivery) {
  switch (delivery.fate) {
    case Delivery::Fate::Taken:
      return close(sql, letter.key, "sent", "", now);
    case Delivery::Fate::Refused:
      return close(sql, letter.key, "bounced", delivery.why, now);
    case Delivery::Fate::Unknown:
      return close(sql, letter.key, "unknown", delivery.why, now);
    case Delivery::Fate::Later:
      sql.run(
          "UPDATE letter SET state = 'waiting', why = ?, tries = ?, next_at = ?"
          " WHERE letter_key = ?",
          {std::string_view(delivery.why).substr(0, kReasonBytesMax), letter.tries + 1,
           micros_of(after_tries(now, letter.tries)), letter.key});
  }
}

std::optional<Bounce> bounce_of(store::Sql& sql, std::string_view account) {
  const auto row = sql.row(
      "SELECT l.state, l.address, l.why FROM letter l JOIN account a ON a.id = l.account"
      " WHERE l.account = ? AND l.address = a.email AND l.state IN ('sent', 'bounced')"
      " ORDER BY l.next_at DESC LIMIT 1",
      {account});
  if (!row || row->text(0) != "bounced") return std::nullopt;
  return Bounce{row->text(1), row->text(2)};
}

void forget(store::Sql& sql, std::string_view account) {
  sql.run(
      "UPDATE letter SET address = '', content = '', why = '', state = CASE"
      " WHEN state IN ('waiting', 'sending') THEN 'late' ELSE state END WHERE account = ?",
      {account});
}

}  // namespace butai::mail
