#include "ticketing/catalog/catalog_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/name.h"
#include "ticketing/letters.h"
#include "ticketing/limits.h"
#include "ticketing/orders/orders.h"

namespace butai::ticketing {
namespace {

using store::Row;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> all;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find(' ', from), text.size());
    if (end > from) all.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return all;
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : " ") + one;
  return text;
}

void load_performances(store::Sql& sql, Event& event) {
  for (const Row& row :
       sql.rows("SELECT id, title_ja, title_en, doors_at, start_at, end_at FROM performance"
                " WHERE event = ? ORDER BY start_at, position",
                {event.id})) {
    Performance one{row.text(0),
                    event.id,
                    {row.text(1), row.text(2)},
                    utc_of(row.number(3)),
                    utc_of(row.number(4)),
                    utc_of(row.number(5)),
                    {}};
    for (const Row& channel : sql.rows("SELECT channel, title_ja, title_en FROM performance_channel"
                                       " WHERE performance = ? ORDER BY position",
                                       {one.id})) {
      one.channels.push_back({channel.text(0), {channel.text(1), channel.text(2)}});
    }
    event.performances.push_back(std::move(one));
  }
}

void load_ticket_types(store::Sql& sql, Event& event) {
  for (const Row& row : sql.rows(
           "SELECT id, title_ja, title_en, price, currency, tax_rate, capacity, taken, devices,"
           " sale_from, sale_until, per_account, code_needed, payments FROM ticket_type"
           " WHERE event = ? ORDER BY position",
           {event.id})) {
    TicketType type;
    type.id = row.text(0);
    type.event = event.id;
    type.title = {row.text(1), row.text(2)};
    type.price = {row.number(3), row.text(4)};
    type.tax_rate = row.number(5);
    type.capacity = row.number(6);
    type.taken = row.number(7);
    type.devices = row.number(8);
    type.sale_from = utc_of(row.number(9));
    type.sale_until = utc_of(row.number(10));
    type.per_account = row.number(11);
    type.code_needed = row.yes(12);
    type.payments = words(row.text(13));
    for (const Row& performance : sql.rows(
             "SELECT performance FROM ticket_type_performance WHERE ticket_type = ?", {type.id})) {
      type.performances.push_back(performance.text(0));
    }
    event.ticket_types.push_back(std::move(type));
  }
}

bool good(const Text& text, std::size_t bytes_max) {
  return !(text.ja.empty() && text.en.empty()) && text.ja.size() <= bytes_max &&
         text.en.size() <= bytes_max;
}

bool good(const Performance& one) {
  return good(one.title, kTitleBytesMax) && one.doors <= one.start && one.start < one.end &&
         !one.channels.empty() && one.channels.size() <= kChannelsMax &&
         std::ranges::all_of(one.channels, [](const auto& c) { return is_name(c.name); });
}

bool good(const TicketType& type, const Event& event) {
  const auto known = [&event](const std::string& id) {
    return std::ranges::any_of(event.performances, [&](const auto& one) { return one.id == id; });
  };
  const auto method = [](const std::string& name) { return name == "card" || name == "konbini"; };
  return good(type.title, kTitleBytesMax) && type.price.minor >= 0 &&
         type.price.minor <= kPriceMax && type.price.currency.size() == 3 && type.tax_rate >= 0 &&
         type.tax_rate <= 100 && type.capacity >= 0 && type.devices >= 1 && type.devices <= 10 &&
         type.per_account >= 1 && type.per_account <= kPerAccountMax &&
         type.sale_from < type.sale_until && !type.performances.empty() &&
         std::ranges::all_of(type.performances, known) &&
         std::ranges::all_of(type.payments, method) &&
         (type.price.minor == 0 || !type.payments.empty());
}

bool good(const Event& event) {
  const Text text = event.text;
  return is_name(event.slug) && !event.zone.empty() && event.zone.size() <= 64 &&
         good(event.title, kTitleBytesMax) && text.ja.size() <= kTextBytesMax &&
         text.en.size() <= kTextBytesMax && event.performances.size() <= kPerformancesMax &&
         event.ticket_types.size() <= kTicketTypesMax &&
         std::ranges::all_of(event.performances, [](const auto& one) { return good(one); }) &&
         std::ranges::all_of(event.ticket_types,
                             [&event](const auto& type) { return good(type, event); });
}

// Ticket types may name a performance that has no id yet by its place: "0", "1", …
void give_ids(Work& work, Event& event) {
  if (event.id.empty()) event.id = work.new_id("ev_");
  std::vector<std::pair<std::string, std::string>> named;
  for (std::size_t i = 0; i < event.performances.size(); ++i) {
    Performance& one = event.performances[i];
    if (one.id.empty()) one.id = work.new_id("pf_");
    named.emplace_back(std::to_string(i), one.id);
  }
  for (TicketType& type : event.ticket_types) {
    if (type.id.empty()) type.id = work.new_id("tt_");
    for (std::string& performance : type.performances) {
      for (const auto& [place, id] : named) {
        if (performance == place) performance = id;
      }
    }
  }
}

void save_performances(Work& work, const Event& event) {
  std::int64_t position = 0;
  for (const Performance& one : event.performances) {
    work.sql.run(
        "INSERT INTO performance (id, event, position, title_ja, title_en, doors_at, start_at,"
        " end_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " position = excluded.position, title_ja = excluded.title_ja, title_en = excluded.title_en,"
        " doors_at = excluded.doors_at, start_at = excluded.start_at, end_at = excluded.end_at",
        {one.id, event.id, position++, one.title.ja, one.title.en, micros_of(one.doors),
         micros_of(one.start), micros_of(one.end)});
    work.sql.run("DELETE FROM performance_channel WHERE performance = ?", {one.id});
    std::int64_t place = 0;
    for (const StageChannel& channel : one.channels) {
      work.sql.run(
          "INSERT INTO performance_channel (performance, position, channel, title_ja, title_en)"
          " VALUES (?, ?, ?, ?, ?)",
          {one.id, place++, channel.name, channel.title.ja, channel.title.en});
    }
  }
}

void save_ticket_types(Work& work, const Event& event) {
  std::int64_t position = 0;
  for (const TicketType& type : event.ticket_types) {
    work.sql.run(
        "INSERT INTO ticket_type (id, event, position, title_ja, title_en, price, currency,"
        " tax_rate, capacity, devices, sale_from, sale_until, per_account, code_needed, payments)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " position = excluded.position, title_ja = excluded.title_ja, title_en = excluded.title_en,"
        " price = excluded.price, currency = excluded.currency, tax_rate = excluded.tax_rate,"
        " capacity = excluded.capacity, devices = excluded.devices,"
        " sale_from = excluded.sale_from, sale_until = excluded.sale_until,"
        " per_account = excluded.per_account, code_needed = excluded.code_needed,"
        " payments = excluded.payments",
        {type.id, event.id, position++, type.title.ja, type.title.en, type.price.minor,
         type.price.currency, type.tax_rate, type.capacity, type.devices, micros_of(type.sale_from),
         micros_of(type.sale_until), type.per_account, type.code_needed, joined(type.payments)});
    work.sql.run("DELETE FROM ticket_type_performance WHERE ticket_type = ?", {type.id});
    for (const std::string& performance : type.performances) {
      work.sql.run("INSERT INTO ticket_type_performance (ticket_type, performance) VALUES (?, ?)",
                   {type.id, performance});
    }
  }
}

// What the event had and has no more; NotPossible when somebody bought it.
Outcome<void> drop_missing(Work& work, const Event& event) {
  const Catalog before = load_catalog(work.sql);
  const Event* old = before.by_id(event.id);
  if (old == nullptr) return {};
  const auto kept = [](const auto& list, const std::string& id) {
    return std::ranges::any_of(list, [&id](const auto& one) { return one.id == id; });
  };
  for (const TicketType& type : old->ticket_types) {
    if (kept(event.ticket_types, type.id)) continue;
    if (work.sql.number("SELECT COUNT(*) FROM orders WHERE ticket_type = ?", {type.id}) > 0) {
      return std::unexpected(Fault::NotPossible);
    }
    work.sql.run("DELETE FROM ticket_type_performance WHERE ticket_type = ?", {type.id});
    work.sql.run("DELETE FROM invitation_code WHERE ticket_type = ?", {type.id});
    work.sql.run("DELETE FROM ticket_type WHERE id = ?", {type.id});
  }
  for (const Performance& one : old->performances) {
    if (kept(event.performances, one.id)) continue;
    if (work.sql.number("SELECT COUNT(*) FROM ticket_type_performance WHERE performance = ?",
                        {one.id}) > 0) {
      return std::unexpected(Fault::NotPossible);
    }
    work.sql.run("DELETE FROM performance_channel WHERE performance = ?", {one.id});
    work.sql.run("DELETE FROM test_report WHERE performance = ?", {one.id});
    work.sql.run("DELETE FROM performance WHERE id = ?", {one.id});
  }
  return {};
}

std::optional<Event> find_event(Work& work, std::string_view id) {
  const Catalog all = load_catalog(work.sql);
  const Event* found = all.by_id(id);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

void set_times(Work& work, const Performance& one) {
  work.sql.run("UPDATE performance SET doors_at = ?, start_at = ?, end_at = ? WHERE id = ?",
               {micros_of(one.doors), micros_of(one.start), micros_of(one.end), one.id});
}

}  // namespace

Catalog load_catalog(store::Sql& sql) {
  std::vector<Event> events;
  for (const Row& row : sql.rows(
           "SELECT id, slug, state, zone, title_ja, title_en, text_ja, text_en, artwork FROM event"
           " ORDER BY created_at DESC, id")) {
    Event event;
    event.id = row.text(0);
    event.slug = row.text(1);
    event.state = event_state_of(row.text(2)).value_or(EventState::Draft);
    event.zone = row.text(3);
    event.title = {row.text(4), row.text(5)};
    event.text = {row.text(6), row.text(7)};
    if (!row.null(8)) event.artwork = row.text(8);
    load_performances(sql, event);
    load_ticket_types(sql, event);
    events.push_back(std::move(event));
  }
  return Catalog(std::move(events));
}

Outcome<std::string> save_event(Work& work, Event event) {
  work.next_change();
  const bool is_new = event.id.empty();
  give_ids(work, event);
  if (!good(event)) return std::unexpected(Fault::BadRequest);
  const auto same_slug =
      work.sql.row("SELECT id FROM event WHERE slug = ? AND id <> ?", {event.slug, event.id});
  if (same_slug) return std::unexpected(Fault::NotPossible);
  for (const TicketType& type : event.ticket_types) {
    const auto taken = work.sql.number("SELECT taken FROM ticket_type WHERE id = ?", {type.id});
    if (type.capacity < taken) return std::unexpected(Fault::NotPossible);
  }
  const store::Value artwork(event.artwork);
  if (is_new) {
    work.sql.run(
        "INSERT INTO event (id, slug, state, zone, title_ja, title_en, text_ja, text_en, artwork,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {event.id, event.slug, name_of(event.state), event.zone, event.title.ja, event.title.en,
         event.text.ja, event.text.en, artwork, work.micros()});
  } else if (work.sql.run("UPDATE event SET slug = ?, zone = ?, title_ja = ?, title_en = ?,"
                          " text_ja = ?, text_en = ? WHERE id = ?",
                          {event.slug, event.zone, event.title.ja, event.title.en, event.text.ja,
                           event.text.en, event.id}) == 0) {
    return std::unexpected(Fault::NotFound);
  }
  if (auto dropped = drop_missing(work, event); !dropped) {
    return std::unexpected(dropped.error());
  }
  save_performances(work, event);
  save_ticket_types(work, event);
  return event.id;
}

Outcome<void> delete_event(Work& work, std::string_view id) {
  auto event = find_event(work, id);
  if (!event) return std::unexpected(Fault::NotFound);
  event->performances.clear();
  event->ticket_types.clear();
  work.next_change();
  if (auto dropped = drop_missing(work, *event); !dropped) return dropped;
  work.sql.run("DELETE FROM event WHERE id = ?", {id});
  return {};
}

Outcome<void> set_event_state(Work& work, std::string_view id, std::string_view to) {
  work.next_change();
  auto event = find_event(work, id);
  if (!event) return std::unexpected(Fault::NotFound);
  if (const auto state = event_state_of(to)) {
    // What people have bought is not unsaid.
    const bool sold =
        std::ranges::any_of(event->ticket_types, [](const auto& type) { return type.taken > 0; });
    if (*state == EventState::Draft && sold) return std::unexpected(Fault::NotPossible);
    work.sql.run("UPDATE event SET state = ? WHERE id = ?", {name_of(*state), id});
    return {};
  }
  // Doors and show are of an event that is on sale; what nobody could buy has neither.
  if (event->state != EventState::OnSale) return std::unexpected(Fault::NotPossible);
  for (Performance& one : event->performances) {
    if (one.end <= work.now) continue;
    if (to == "doors_open") {
      one.doors = work.now;
      one.start = std::max(one.start, work.now);
    } else if (to == "live") {
      one.doors = std::min(one.doors, work.now);
      one.start = work.now;
    } else if (to == "ended") {
      one.start = std::min<Utc>(one.start, work.now - Micros{1});
      one.doors = std::min(one.doors, one.start);
      one.end = work.now;
    } else {
      return std::unexpected(Fault::BadRequest);
    }
    set_times(work, one);
    return {};
  }
  return std::unexpected(Fault::NotPossible);
}

Outcome<void> delay(Work& work, std::string_view performance, std::int64_t minutes, Delayed which) {
  constexpr std::int64_t kMinutesMax = 60L * 24 * 60;
  if (minutes < -kMinutesMax || minutes > kMinutesMax) return std::unexpected(Fault::BadRequest);
  work.next_change();
  const auto row = work.sql.row("SELECT doors_at, start_at, end_at FROM performance WHERE id = ?",
                                {performance});
  if (!row) return std::unexpected(Fault::NotFound);
  const auto by = std::chrono::minutes{minutes};
  Performance one;
  one.id = performance;
  one.doors = utc_of(row->number(0)) + (which == Delayed::End ? Micros{0} : Micros{by});
  one.start = utc_of(row->number(1)) + (which == Delayed::End ? Micros{0} : Micros{by});
  one.end = utc_of(row->number(2)) + (which == Delayed::Start ? Micros{0} : Micros{by});
  if (one.start >= one.end) return std::unexpected(Fault::BadRequest);
  set_times(work, one);
  tell_holders(work, mail::Kind::Delayed, performance);
  return {};
}

Outcome<void> add_code(Work& work, std::string_view ticket_type, std::string_view code,
                       std::int64_t uses) {
  if (code.empty() || uses < 1) return std::unexpected(Fault::BadRequest);
  const auto known =
      work.sql.number("SELECT COUNT(*) FROM ticket_type WHERE id = ?", {ticket_type});
  if (known == 0) return std::unexpected(Fault::NotFound);
  work.sql.run(
      "INSERT INTO invitation_code (ticket_type, hash, uses_max) VALUES (?, ?, ?)"
      " ON CONFLICT (ticket_type, hash) DO UPDATE SET uses_max = excluded.uses_max",
      {ticket_type, hash_of_code(ticket_type, code), uses});
  return {};
}

}  // namespace butai::ticketing
