// /api/v1/orders and /webhooks/{provider}: buying, and what the payment provider says of it.
#include "api/sale.h"
#include "api/sale_json.h"
#include "ticketing/limits.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::Outcome;
using ticketing::Work;

constexpr std::string_view kOrderSchema =
    R"({"type":"object","properties":{"id":{"type":"string"},"state":{"enum":["held","pending_payment","paid","fulfilled","refunded","expired","cancelled","disputed"]},"quantity":{"type":"integer"},"total":{"type":"object"},"tickets":{"type":"array","items":{"type":"string"}}}})";

void respond(const SalePtr& sale, const SharedExchange& exchange, const Outcome<OrderView>& view,
             int status) {
  if (!view) return exchange->respond(problem(view.error()));
  exchange->respond(json_answer(to_json(*view, *sale->office.rights().catalog()), status));
}

void hold(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  ticketing::HoldRequest wanted;
  wanted.ticket_type = text_of(*body, "ticket_type");
  wanted.quantity = number_of(*body, "quantity").value_or(1);
  wanted.code = text_of(*body, "code");
  // What is sold out stays so for a second: no look into the database for each who hopes.
  const auto catalog = sale->office.rights().catalog();
  const auto* type = catalog->ticket_type(wanted.ticket_type);
  if (type != nullptr && type->taken >= type->capacity) {
    return exchange->respond(problem(ticketing::Fault::SoldOut));
  }
  sale->office.ask<OrderView>(
      exchange->loop(),
      [wanted, subject = request.principal.subject](Work& work) mutable -> Outcome<OrderView> {
        const auto account = account_of(work, subject);
        if (!account) return std::unexpected(account.error());
        wanted.account = *account;
        auto order = ticketing::hold(work, wanted);
        if (!order) return std::unexpected(order.error());
        return OrderView{std::move(*order), {}, {}};
      },
      [sale, exchange](Outcome<OrderView> view) { respond(sale, exchange, view, 201); });
}

void list(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  sale->office.see<std::vector<OrderView>>(
      exchange->loop(),
      [subject = request.principal.subject](Work& work) -> Outcome<std::vector<OrderView>> {
        const auto account = account_of(work, subject);
        if (!account) return std::unexpected(account.error());
        std::vector<OrderView> views;
        for (auto& order : ticketing::orders_of(work, *account)) {
          views.push_back(view_of(work, std::move(order)));
        }
        return views;
      },
      [sale, exchange](Outcome<std::vector<OrderView>> views) {
        if (!views) return exchange->respond(problem(views.error()));
        json::array all;
        for (const OrderView& view : *views) {
          all.push_back(to_json(view, *sale->office.rights().catalog()));
        }
        exchange->respond(json_answer(json::object{{"orders", std::move(all)}}));
      });
}

Outcome<OrderView> view_in(Work& work, const std::string& subject, const std::string& id) {
  const auto account = account_of(work, subject);
  if (!account) return std::unexpected(account.error());
  auto order = ticketing::order_of(work, *account, id);
  if (!order) return std::unexpected(order.error());
  return view_of(work, std::move(*order));
}

void show(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  sale->office.see<OrderView>(
      exchange->loop(),
      [subject = request.principal.subject, id = std::string(request.arg("id"))](Work& work) {
        return view_in(work, subject, id);
      },
      [sale, exchange](Outcome<OrderView> view) { respond(sale, exchange, view, 200); });
}

// After confirm() or cancel(): the order as it is then, and where to pay.
void show_changed(const SalePtr& sale, const SharedExchange& exchange, const std::string& subject,
                  const std::string& id, const std::string& origin, bool confirmed) {
  sale->office.see<OrderView>(
      exchange->loop(), [subject, id](Work& work) { return view_in(work, subject, id); },
      [sale, exchange, origin, confirmed](Outcome<OrderView> view) {
        if (!view || !confirmed) return respond(sale, exchange, view, 200);
        json::value url;
        const bool open = view->order.state == ticketing::OrderState::PendingPayment;
        if (view->payment && open && !view->payment->url.empty()) {
          const std::string& where = view->payment->url;
          url = where.starts_with('/') ? origin + where : where;
        }
        exchange->respond(json_answer(json::object{
            {"order", to_json(*view, *sale->office.rights().catalog())}, {"pay_url", url}}));
      });
}

void change(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange,
            bool confirms) {
  std::string method;
  if (confirms) {
    const auto body = body_of(request, *exchange);
    if (!body) return;
    method = text_of(*body, "method");
  }
  const std::string subject = request.principal.subject;
  const std::string id(request.arg("id"));
  sale->office.pay(
      exchange->loop(),
      [subject, id, method, confirms](Work& work) -> Outcome<ticketing::Confirmed> {
        const auto account = account_of(work, subject);
        if (!account) return std::unexpected(account.error());
        return confirms ? ticketing::confirm(work, *account, id, method)
                        : ticketing::cancel(work, *account, id);
      },
      [sale, exchange, subject, id, confirms,
       origin = request.peer.origin](Outcome<ticketing::Order> order) {
        if (!order) return exchange->respond(problem(order.error()));
        show_changed(sale, exchange, subject, id, origin, confirms);
      });
}

// What the buyer's browser needs to pay with the provider's own script.
void show_payment(const SalePtr& sale, const net::Request& request,
                  const SharedExchange& exchange) {
  sale->office.see<OrderView>(
      exchange->loop(),
      [subject = request.principal.subject, id = std::string(request.arg("id"))](Work& work) {
        return view_in(work, subject, id);
      },
      [sale, exchange](Outcome<OrderView> view) {
        if (!view) return exchange->respond(problem(view.error()));
        const bool open = view->order.state == ticketing::OrderState::PendingPayment;
        if (!sale->stripe || !view->payment || !open || view->payment->secret.empty()) {
          return exchange->respond(problem(ticketing::Fault::NotPossible));
        }
        exchange->respond(
            json_answer(json::object{{"script", sale->stripe->js_url},
                                     {"publishable_key", sale->stripe->publishable_key},
                                     {"client_secret", view->payment->secret},
                                     {"order", to_json(*view, *sale->office.rights().catalog())}}));
      });
}

void look(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const std::string subject = request.principal.subject;
  const std::string id(request.arg("id"));
  sale->office.pay(
      exchange->loop(),
      [subject, id](Work& work) -> Outcome<ticketing::Confirmed> {
        const auto account = account_of(work, subject);
        if (!account) return std::unexpected(account.error());
        return ticketing::look(work, *account, id);
      },
      [sale, exchange, subject, id](Outcome<ticketing::Order> order) {
        if (!order) return exchange->respond(problem(order.error()));
        show_changed(sale, exchange, subject, id, "", false);
      });
}

void webhook(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  if (request.arg("provider") != sale->office.provider().name()) {
    return exchange->respond(problem(ticketing::Fault::NotFound));
  }
  const std::string signature(
      request.headers.find(sale->office.provider().signature_header()).value_or(""));
  sale->office.webhook(signature, request.body, exchange->loop(), [exchange](auto verdict) {
    if (verdict) {
      return exchange->respond(
          json_answer(json::object{{"verdict", ticketing::name_of(*verdict)}}));
    }
    switch (verdict.error()) {
      case ticketing::WebhookFault::BadSignature:
      case ticketing::WebhookFault::Stale:
        return exchange->respond(
            problem(401, "bad-signature", "The signature is not this provider's, or too old."));
      case ticketing::WebhookFault::Malformed:
        return exchange->respond(problem(400, "bad-request", "That is no event."));
      case ticketing::WebhookFault::NotForUs:
        return exchange->respond(json_answer(json::object{{"verdict", "not for us"}}));
      case ticketing::WebhookFault::NotTaken:
        break;
    }
    exchange->respond(problem(ticketing::Fault::Busy));
  });
}

}  // namespace

std::vector<net::Route> order_routes(const SalePtr& sale) {
  using net::Method;
  const std::string schema(kOrderSchema);
  const net::Policy reads{.who = net::Who::Bearer, .rests = true};
  const net::Policy writes{.who = net::Who::Bearer,
                           .rate = net::RateClass::Write,
                           .csrf = net::Csrf::SameOrigin,
                           .rests = true,
                           .body_bytes_max = 4 * 1024};
  std::vector<net::Route> table;
  const auto add = [&](Method method, std::string pattern, const net::Policy& policy,
                       net::RouteDoc doc, auto handle) {
    table.push_back({method, std::move(pattern), policy, handler_of(sale, handle), std::move(doc)});
  };
  add(Method::Post, "/api/v1/orders", writes,
      {"Hold tickets for some minutes.",
       R"({"type":"object","required":["ticket_type"],"properties":{"ticket_type":{"type":"string"},"quantity":{"type":"integer","minimum":1},"code":{"type":"string"}}})",
       schema},
      &hold);
  add(Method::Get, "/api/v1/orders", reads, {"My orders, newest first.", "", ""}, &list);
  add(Method::Get, "/api/v1/orders/{id}", reads, {"One of my orders.", "", schema}, &show);
  add(Method::Post, "/api/v1/orders/{id}/confirm", writes,
      {"Buy what is held: a payment begins, or nothing is to be paid.",
       R"({"type":"object","required":["method"],"properties":{"method":{"enum":["card","konbini","free"]}}})",
       R"({"type":"object","properties":{"order":{"type":"object"},"pay_url":{"type":["string","null"]}}})"},
      [](const SalePtr& s, const net::Request& r, const SharedExchange& e) {
        change(s, r, e, true);
      });
  add(Method::Post, "/api/v1/orders/{id}/cancel", writes,
      {"Give held tickets back, before they are paid.", "", schema},
      [](const SalePtr& s, const net::Request& r, const SharedExchange& e) {
        change(s, r, e, false);
      });
  add(Method::Get, "/api/v1/orders/{id}/payment", reads,
      {"What the pay page gives to the payment provider's script.", "",
       R"({"type":"object","properties":{"script":{"type":"string"},"publishable_key":{"type":"string"},"client_secret":{"type":"string"},"order":{"type":"object"}}})"},
      &show_payment);
  add(Method::Post, "/api/v1/orders/{id}/look", writes,
      {"Ask the payment provider now, after coming back from it.", "", schema}, &look);
  add(Method::Post, "/webhooks/{provider}",
      {.who = net::Who::Anyone, .body_bytes_max = ticketing::kWebhookBytesMax},
      {"Events of the payment provider, signed by it.", "", ""}, &webhook);
  return table;
}

}  // namespace butai::api
