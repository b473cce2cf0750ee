// /api/v1/orders/{id}/receipt: the proof of what was paid, made out to whom the buyer says.
#include "api/sale.h"
#include "api/sale_json.h"
#include "ticketing/orders/receipt.h"
#include "ticketing/times.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::Outcome;
using ticketing::Receipt;
using ticketing::Work;

struct Shown {
  std::optional<Receipt> receipt;
  std::string method;
};

json::value receipt_json(const Sale& sale, const Shown& shown) {
  if (!shown.receipt) return nullptr;
  const Receipt& receipt = *shown.receipt;
  const ticketing::Order& order = receipt.order;
  const auto catalog = sale.office.rights().catalog();
  const auto* event = catalog->by_id(order.event);
  const auto* type = catalog->ticket_type(order.ticket_type);
  const auto titled = [](const auto* what) {
    return json::object{{"title", what == nullptr ? json::object{} : to_json(what->title)}};
  };
  return json::object{{"number", receipt.number()},
                      {"addressee", receipt.addressee},
                      {"issued", ticketing::rfc3339(receipt.issued)},
                      {"reissued", receipt.issue > 1},
                      {"event", titled(event)},
                      {"ticket_type", titled(type)},
                      {"quantity", order.quantity},
                      {"total", api::to_json(order.total)},
                      {"tax", api::to_json(Money{order.tax, order.total.currency})},
                      {"tax_rate", order.tax_rate},
                      {"method", shown.method},
                      {"registration_number", sale.registration_number()}};
}

void answer(const SalePtr& sale, const SharedExchange& exchange, const std::string& subject,
            const std::string& id,
            std::move_only_function<Outcome<std::optional<Receipt>>(Work&, const std::string&)> act,
            int status) {
  sale->office.ask<Shown>(
      exchange->loop(),
      [subject, id, act = std::move(act)](Work& work) mutable -> Outcome<Shown> {
        const auto account = account_of(work, subject);
        if (!account) return std::unexpected(account.error());
        auto receipt = act(work, *account);
        if (!receipt) return std::unexpected(receipt.error());
        const auto payment = ticketing::payment_of(work, id);
        return Shown{std::move(*receipt), payment ? payment->method : ""};
      },
      [sale, exchange, status](Outcome<Shown> shown) {
        if (!shown) return exchange->respond(problem(shown.error()));
        exchange->respond(
            json_answer(json::object{{"receipt", receipt_json(*sale, *shown)}}, status));
      });
}

void show(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const std::string id(request.arg("id"));
  answer(
      sale, exchange, request.principal.subject, id,
      [id](Work& work, const std::string& account) {
        return ticketing::newest_receipt(work, account, id);
      },
      200);
}

void issue(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const std::string id(request.arg("id"));
  answer(
      sale, exchange, request.principal.subject, id,
      [id, addressee = text_of(*body, "addressee")](
          Work& work, const std::string& account) -> Outcome<std::optional<Receipt>> {
        auto made = ticketing::issue_receipt(work, account, id, addressee);
        if (!made) return std::unexpected(made.error());
        return std::optional(std::move(*made));
      },
      201);
}

}  // namespace

std::vector<net::Route> receipt_routes(const SalePtr& sale) {
  std::vector<net::Route> table;
  table.push_back(
      {net::Method::Get,
       "/api/v1/orders/{id}/receipt",
       {.who = net::Who::Bearer, .rests = true},
       handler_of(sale, &show),
       {"The newest receipt of one of my orders, or null.", "", R"({"type":"object"})"}});
  table.push_back(
      {net::Method::Post,
       "/api/v1/orders/{id}/receipt",
       {.who = net::Who::Bearer,
        .rate = net::RateClass::Write,
        .csrf = net::Csrf::SameOrigin,
        .rests = true,
        .body_bytes_max = 4 * 1024},
       handler_of(sale, &issue),
       {"A receipt for what I paid; each after the first is marked as reissued.",
        R"({"type":"object","required":["addressee"],"properties":{"addressee":{"type":"string"}}})",
        R"({"type":"object"})"}});
  return table;
}

}  // namespace butai::api
