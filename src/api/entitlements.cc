// /api/v1/tickets, /api/v1/test-plays, /api/v1/test-reports: what an account may watch, and whether its
// devices can.
#include <fmt/format.h>

#include "api/sale.h"
#include "api/sale_json.h"
#include "ticketing/limits.h"
#include "ticketing/times.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::Outcome;
using ticketing::Work;

struct Ticket {
  std::string id, order, ticket_type;
  bool valid = false;
};

Outcome<std::vector<Ticket>> tickets_in(Work& work, const std::string& subject) {
  const auto account = account_of(work, subject);
  if (!account) return std::unexpected(account.error());
  std::vector<Ticket> all;
  for (const store::Row& row :
       work.sql.rows("SELECT id, order_id, ticket_type, valid FROM entitlement WHERE account = ?"
                     " ORDER BY granted_at DESC, id LIMIT ?",
                     {*account, ticketing::kOrdersListed})) {
    all.push_back({row.text(0), row.text(1), row.text(2), row.yes(3)});
  }
  return all;
}

json::value describe(const Ticket& ticket, const ticketing::Catalog& catalog, Utc now) {
  const auto* type = catalog.ticket_type(ticket.ticket_type);
  const auto* event = type == nullptr ? nullptr : catalog.by_id(type->event);
  if (event == nullptr) return nullptr;
  json::array performances;
  bool over = true;
  for (const std::string& id : type->performances) {
    const auto* one = catalog.performance(id);
    if (one == nullptr) continue;
    performances.push_back(to_json(*one, now));
    over = over && now >= one->end;
  }
  return {{"id", ticket.id},
          {"order", ticket.order},
          {"event",
           {{"slug", event->slug},
            {"title", to_json(event->title)},
            {"artwork", event->artwork ? json::value(*event->artwork) : json::value(nullptr)},
            {"state", ticketing::state_at(*event, now)},
            {"zone", event->zone}}},
          {"ticket_type", {{"id", type->id}, {"title", to_json(type->title)}}},
          {"performances", std::move(performances)},
          {"state", !ticket.valid ? "revoked"
                    : over        ? "over"
                                  : "valid"},
          {"devices", type->devices},
          {"ics", fmt::format("/api/v1/tickets/{}.ics", ticket.id)}};
}

void list(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  sale->office.see<std::vector<Ticket>>(
      exchange->loop(),
      [subject = request.principal.subject](Work& work) { return tickets_in(work, subject); },
      [sale, exchange](Outcome<std::vector<Ticket>> tickets) {
        if (!tickets) return exchange->respond(problem(tickets.error()));
        const auto catalog = sale->office.rights().catalog();
        json::array all;
        for (const Ticket& ticket : *tickets) {
          json::value one = describe(ticket, *catalog, sale->clock.utc());
          if (!one.is_null()) all.push_back(std::move(one));
        }
        exchange->respond(json_answer(json::object{{"tickets", std::move(all)}}));
      });
}

// RFC 5545 section 3.3.11: what would end a line of text.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == ';' || c == ',') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c != '\r') {
      out += c;
    }
  }
  return out;
}

std::string compact(Utc when) {  // 20261224T090000Z
  std::string text = ticketing::rfc3339(when);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// RFC 5545 section 3.1: lines end with CRLF and have 75 bytes at most.
void add_line(std::string& out, std::string_view line) {
  std::size_t most = 75;
  while (line.size() > most) {
    std::size_t end = most;
    while (end > 1 && (static_cast<unsigned char>(line[end]) & 0xC0u) == 0x80u) --end;
    out.append(line.substr(0, end)).append("\r\n ");
    line.remove_prefix(end);
    most = 74;
  }
  out.append(line).append("\r\n");
}

std::string calendar(const Ticket& ticket, const ticketing::Catalog& catalog,
                     const std::string& origin, Utc now) {
  std::string out;
  add_line(out, "BEGIN:VCALENDAR");
  add_line(out, "VERSION:2.0");
  add_line(out, "PRODID:-//Butai//EN");
  const auto* type = catalog.ticket_type(ticket.ticket_type);
  const auto* event = type == nullptr ? nullptr : catalog.by_id(type->event);
  for (const std::string& id : type == nullptr ? std::vector<std::string>{} : type->performances) {
    const auto* one = catalog.performance(id);
    if (one == nullptr || event == nullptr) continue;
    const std::string& title = event->title.ja.empty() ? event->title.en : event->title.ja;
    add_line(out, "BEGIN:VEVENT");
    add_line(out, fmt::format("UID:{}-{}", ticket.id, one->id));
    add_line(out, "DTSTAMP:" + compact(now));
    add_line(out, "DTSTART:" + compact(one->start));
    add_line(out, "DTEND:" + compact(one->end));
    add_line(out, "SUMMARY:" + escaped(title));
    add_line(out, fmt::format("URL:{}/e/{}", origin, event->slug));
    add_line(out, "END:VEVENT");
  }
  add_line(out, "END:VCALENDAR");
  return out;
}

void give_calendar(const SalePtr& sale, const net::Request& request,
                   const SharedExchange& exchange) {
  sale->office.see<std::vector<Ticket>>(
      exchange->loop(),
      [subject = request.principal.subject](Work& work) { return tickets_in(work, subject); },
      [sale, exchange, file = std::string(request.arg("file")),
       origin = request.peer.origin](Outcome<std::vector<Ticket>> tickets) {
        if (!tickets) return exchange->respond(problem(tickets.error()));
        for (const Ticket& ticket : *tickets) {
          if (ticket.id + ".ics" != file) continue;
          return exchange->respond(net::Response::text(
              200, "text/calendar; charset=utf-8",
              calendar(ticket, *sale->office.rights().catalog(), origin, sale->clock.utc())));
        }
        exchange->respond(problem(ticketing::Fault::NotFound));
      });
}

// The channel beside the performance's that everybody with an account may try: NAME-test.
void test_play(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const auto catalog = sale->office.rights().catalog();
  const auto* performance = catalog->performance(text_of(*body, "performance"));
  if (performance == nullptr) return exchange->respond(problem(ticketing::Fault::NotFound));
  const std::string channel = performance->channels.front().name + "-test";
  const auto play = sale->plays.start(channel, request.principal, access::Plays::Grounds::Test);
  exchange->respond(sale->play_answer(play, request.peer));
}

struct Report {
  std::string id, performance, text;
  Utc created;
};

void report(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const json::value* passed = body->if_contains("passed");
  const bool good = passed != nullptr && passed->is_bool() && passed->as_bool();
  sale->office.ask<std::string>(
      exchange->loop(),
      [subject = request.principal.subject, performance = text_of(*body, "performance"), good,
       text = json::serialize(*body)](Work& work) -> Outcome<std::string> {
        const auto account = account_of(work, subject);
        if (!account) return std::unexpected(account.error());
        if (!work.sql.row("SELECT id FROM performance WHERE id = ?", {performance})) {
          return std::unexpected(ticketing::Fault::NotFound);
        }
        const std::string id = work.new_id("tr_");
        work.sql.run(
            "INSERT INTO test_report (id, account, performance, created_at, passed, report)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            {id, *account, performance, work.micros(), good, text});
        return id;
      },
      [exchange](Outcome<std::string> id) {
        if (!id) return exchange->respond(problem(id.error()));
        exchange->respond(json_answer(json::object{{"id", *id}}, 201));
      });
}

void reports(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  sale->office.see<std::vector<Report>>(
      exchange->loop(),
      [subject = request.principal.subject](Work& work) -> Outcome<std::vector<Report>> {
        const auto account = account_of(work, subject);
        if (!account) return std::unexpected(account.error());
        std::vector<Report> all;
        for (const store::Row& row : work.sql.rows(
                 "SELECT id, performance, report, created_at FROM test_report WHERE account = ?"
                 " ORDER BY created_at DESC LIMIT ?",
                 {*account, ticketing::kOrdersListed})) {
          all.push_back({row.text(0), row.text(1), row.text(2), utc_of(row.number(3))});
        }
        return all;
      },
      [exchange](Outcome<std::vector<Report>> all) {
        if (!all) return exchange->respond(problem(all.error()));
        json::array list;
        for (const Report& one : *all) {
          json::object object = json::parse(one.text).as_object();
          object["id"] = one.id;
          object["created"] = ticketing::rfc3339(one.created);
          list.push_back(std::move(object));
        }
        exchange->respond(json_answer(json::object{{"reports", std::move(list)}}));
      });
}

}  // namespace

std::vector<net::Route> entitlement_routes(const SalePtr& sale) {
  using net::Method;
  const net::Policy reads{.who = net::Who::Bearer};
  const net::Policy writes{.who = net::Who::Bearer,
                           .rate = net::RateClass::Write,
                           .csrf = net::Csrf::SameOrigin,
                           .body_bytes_max = 8 * 1024};
  std::vector<net::Route> table;
  const auto add = [&](Method method, std::string pattern, const net::Policy& policy,
                       std::string summary, auto handle) {
    table.push_back({method,
                     std::move(pattern),
                     policy,
                     handler_of(sale, handle),
                     {std::move(summary), "", ""}});
  };
  add(Method::Get, "/api/v1/tickets", reads, "My tickets.", &list);
  add(Method::Get, "/api/v1/tickets/{file}", reads,
      "A ticket for a calendar (RFC 5545): TICKET.ics.", &give_calendar);
  net::Policy trial_reads = reads, trials = writes;
  trial_reads.rests = trials.rests = true;
  add(Method::Post, "/api/v1/test-plays", trials,
      "A play of the channel on which everybody may try before buying.", &test_play);
  add(Method::Post, "/api/v1/test-reports", trials, "Keep what a trial showed.", &report);
  add(Method::Get, "/api/v1/test-reports", trial_reads, "My trials.", &reports);
  return table;
}

}  // namespace butai::api
