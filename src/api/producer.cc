// /api/v1/producer: events, ticket types and orders, for producers and admins.
#include <fmt/format.h>

#include "api/sale.h"
#include "api/sale_json.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/entitlements/attendance.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::Outcome;
using ticketing::Work;

void show(const SalePtr& sale, const SharedExchange& exchange, std::string_view id, int status) {
  const auto catalog = sale->office.rights().catalog();
  const auto* event = catalog->by_id(id);
  if (event == nullptr) return exchange->respond(problem(ticketing::Fault::NotFound));
  exchange->respond(json_answer(to_producer_json(*event, sale->clock.utc()), status));
}

void list(const SalePtr& sale, const net::Request&, const SharedExchange& exchange) {
  const auto catalog = sale->office.rights().catalog();
  json::array events;
  for (const auto& event : catalog->events()) {
    events.push_back(to_producer_json(event, sale->clock.utc()));
  }
  exchange->respond(json_answer(json::object{{"events", std::move(events)}}));
}

void save(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  auto event = event_of(*body);
  if (!event) return exchange->respond(problem(ticketing::Fault::BadRequest));
  event->id = request.arg("id");
  const int status = event->id.empty() ? 201 : 200;
  sale->office.change<std::string>(
      exchange->loop(),
      [event = std::move(*event)](Work& work) { return ticketing::save_event(work, event); },
      [sale, exchange, status](Outcome<std::string> id) {
        if (!id) return exchange->respond(problem(id.error()));
        show(sale, exchange, *id, status);
      });
}

// A change of the event in the path; afterwards it is shown.
void change(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange,
            std::move_only_function<Outcome<void>(Work&, const std::string& id)> act) {
  const std::string id(request.arg("id"));
  sale->office.change<bool>(
      exchange->loop(),
      [id, act = std::move(act)](Work& work) mutable -> Outcome<bool> {
        const auto done = act(work, id);
        if (!done) return std::unexpected(done.error());
        return true;
      },
      [sale, exchange, id](Outcome<bool> done) {
        if (!done) return exchange->respond(problem(done.error()));
        show(sale, exchange, id, 200);
      });
}

void remove(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const std::string id(request.arg("id"));
  sale->office.change<bool>(
      exchange->loop(),
      [id](Work& work) -> Outcome<bool> {
        const auto done = ticketing::delete_event(work, id);
        if (!done) return std::unexpected(done.error());
        return true;
      },
      [exchange](Outcome<bool> done) {
        if (!done) return exchange->respond(problem(done.error()));
        net::Response answer;
        answer.status = 204;
        exchange->respond(std::move(answer));
      });
}

void set_state(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const std::string why = text_of(*body, "to") == "on_sale" ? sale->why_nothing_is_sold() : "";
  if (!why.empty()) return exchange->respond(problem(409, "legal-missing", why));
  change(sale, request, exchange, [to = text_of(*body, "to")](Work& work, const std::string& id) {
    return ticketing::set_event_state(work, id, to);
  });
}

void delay(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const std::string word = text_of(*body, "which");
  const auto which = word == "start" ? ticketing::Delayed::Start
                     : word == "end" ? ticketing::Delayed::End
                                     : ticketing::Delayed::Both;
  const auto minutes = number_of(*body, "minutes");
  if (!minutes) return exchange->respond(problem(ticketing::Fault::BadRequest));
  change(sale, request, exchange,
         [performance = text_of(*body, "performance"), minutes = *minutes, which](
             Work& work, const std::string& id) -> Outcome<void> {
           if (!work.sql.row("SELECT id FROM performance WHERE id = ? AND event = ?",
                             {performance, id})) {
             return std::unexpected(ticketing::Fault::NotFound);
           }
           return ticketing::delay(work, performance, minutes, which);
         });
}

void add_code(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  change(sale, request, exchange,
         [type = text_of(*body, "ticket_type"), code = text_of(*body, "code"),
          uses = number_of(*body, "uses").value_or(1)](Work& work, const std::string&) {
           return ticketing::add_code(work, type, code, uses);
         });
}

// Buyers by what an operator needs to help them.
struct Sold {
  OrderView view;
  std::string buyer;
  ticketing::Missed missed;
};

struct SoldPage {
  std::vector<Sold> orders;
  std::string next;
};

void orders(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  sale->office.ask<SoldPage>(
      exchange->loop(),
      [event = std::string(request.arg("id")),
       after = std::string(request.query_value("after").value_or(""))](
          Work& work) -> Outcome<SoldPage> {
        auto page = ticketing::orders_of_event(work, event, after);
        if (!page) return std::unexpected(page.error());
        SoldPage sold{{}, std::move(page->next)};
        for (auto& order : page->orders) {
          const auto buyer = work.sql.row("SELECT COALESCE(email, name) FROM account WHERE id = ?",
                                          {order.account});
          const auto missed = ticketing::missed_by(work, order.account, order.ticket_type);
          sold.orders.push_back(
              {view_of(work, std::move(order)), buyer ? buyer->text(0) : "", missed});
        }
        return sold;
      },
      [sale, exchange](Outcome<SoldPage> sold) {
        if (!sold) return exchange->respond(problem(sold.error()));
        json::array all;
        for (const Sold& one : sold->orders) {
          json::object order = to_json(one.view, *sale->office.rights().catalog());
          order["buyer"] = one.buyer;
          order["missed"] = {
              {"without_picture_s",
               std::chrono::floor<Seconds>(one.missed.without_picture).count()},
              {"not_delivered_s", std::chrono::floor<Seconds>(one.missed.not_delivered).count()}};
          all.push_back(std::move(order));
        }
        exchange->respond(
            json_answer(json::object{{"orders", std::move(all)}, {"next", sold->next}}));
      });
}

void refund(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  sale->office.pay(
      exchange->loop(),
      [id = std::string(request.arg("id"))](Work& work) { return ticketing::refund(work, id); },
      [exchange](Outcome<ticketing::Order> order) {
        if (!order) return exchange->respond(problem(order.error()));
        exchange->respond(json_answer(
            json::object{{"id", order->id}, {"state", ticketing::name_of(order->state)}}));
      });
}

void licenses_given(const SalePtr& sale, const net::Request&, const SharedExchange& exchange) {
  exchange->respond(json_answer(json::object{{"plays", sale->licenses.plays.load()},
                                             {"tests", sale->licenses.tests.load()}}));
}

}  // namespace

std::vector<net::Route> producer_routes(const SalePtr& sale) {
  using net::Method;
  const net::Policy reads{.who = net::Who::Control};
  const net::Policy writes{.who = net::Who::Control,
                           .rate = net::RateClass::Write,
                           .csrf = net::Csrf::SameOrigin,
                           .body_bytes_max = 256 * 1024};
  std::vector<net::Route> table;
  const auto add = [&](Method method, std::string pattern, const net::Policy& policy,
                       std::string summary, auto handle) {
    table.push_back({method,
                     "/api/v1/producer" + pattern,
                     policy,
                     handler_of(sale, handle),
                     {std::move(summary), "", ""}});
  };
  add(Method::Get, "/events", reads, "All events, drafts too.", &list);
  add(Method::Post, "/events", writes, "Make an event, as a draft.", &save);
  add(Method::Get, "/events/{id}", reads, "One event with capacities.",
      [](const SalePtr& s, const net::Request& r, const SharedExchange& e) {
        show(s, e, r.arg("id"), 200);
      });
  add(Method::Put, "/events/{id}", writes, "Write an event anew; what was sold stays.", &save);
  add(Method::Delete, "/events/{id}", writes, "Delete an event of which nothing was sold.",
      &remove);
  add(Method::Post, "/events/{id}/state", writes,
      "Announce, sell, open the doors, begin, end, close: {\"to\": STATE}.", &set_state);
  add(Method::Post, "/events/{id}/delay", writes,
      "Move a performance: {\"performance\", \"minutes\", \"which\": start, end or both}.", &delay);
  add(Method::Post, "/events/{id}/codes", writes,
      "An invitation code: {\"ticket_type\", \"code\", \"uses\"}.", &add_code);
  add(Method::Get, "/events/{id}/orders", reads,
      "Orders, newest first, a hundred at a time: ?after=NEXT, the answer's `next`, has those "
      "before.",
      &orders);
  table.back().doc.response_schema =
      R"({"type":"object","properties":{"orders":{"type":"array","items":{"type":"object"}},"next":{"type":"string","description":"where the next page begins; empty: there is none"}}})";
  add(Method::Get, "/licenses", reads,
      "Licenses that this node gave since its start; those of test plays apart.", &licenses_given);
  add(Method::Post, "/orders/{id}/refund", writes, "Give all the money of an order back.", &refund);
  return table;
}

}  // namespace butai::api
