// /test-payments: the pages of the built-in test provider, plain HTML forms without scripts, and the
// operator's levers, which are there in the demo and in tests only.
#include <fmt/format.h>

#include "api/sale.h"
#include "net/target.h"
#include "ticketing/times.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::Paid;
using ticketing::PaymentFacts;
using ticketing::Told;
using ticketing::Work;

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>テスト決済 / Test payment</title></head>
<body><main><h1>テスト決済 <span lang="en">Test payment</span></h1>
<p>お金は動きません。 <span lang="en">No money moves here.</span></p>
{}
</main></body></html>
)";

net::Response page(std::string_view inside, int status = 200) {
  net::Response answer = net::Response::text(status, "text/html; charset=utf-8",
                                             fmt::format(fmt::runtime(kPage), inside));
  answer.headers.set("Content-Security-Policy",
                     "default-src 'none'; form-action 'self'; base-uri 'none'; "
                     "frame-ancestors 'none'");
  return answer;
}

std::string card_form(const PaymentFacts& facts, std::string_view note) {
  std::string cards;
  for (const auto& card : ticketing::test_cards()) {
    cards += fmt::format("<li><code>{}</code> {}</li>\n", card.number, card.text);
  }
  return fmt::format(
      "{}<p>{} {}</p><form method=\"post\" action=\"{}\"><p><label>カード番号 "
      "<span lang=\"en\">Card number</span> <input name=\"card\" inputmode=\"numeric\" "
      "autocomplete=\"cc-number\" required value=\"4242 4242 4242 4242\"></label></p>"
      "<p><button>支払う / Pay</button></p></form><ul lang=\"en\">{}</ul>",
      note.empty() ? "" : fmt::format("<p role=\"alert\">{}</p>", note), facts.amount.minor,
      facts.amount.currency, facts.url, cards);
}

std::string challenge_form(const PaymentFacts& facts) {
  return fmt::format(
      "<p>本人認証 <span lang=\"en\">3-D Secure: is it you?</span></p>"
      "<form method=\"post\" action=\"{0}\"><button name=\"challenge\" value=\"yes\">はい / "
      "Yes</button> <button name=\"challenge\" value=\"no\">いいえ / No</button></form>",
      facts.url);
}

std::string store_text(const PaymentFacts& facts) {
  return fmt::format(
      "<p>お支払い番号 <span lang=\"en\">Number for the till</span>: <strong>{}</strong></p>"
      "<p>期限 <span lang=\"en\">until</span> {}</p>",
      facts.number, facts.store_deadline ? ticketing::rfc3339(*facts.store_deadline) : "");
}

net::Response back_to(const std::string& order) {
  net::Response answer;
  answer.status = 303;
  answer.headers.set("Location", "/orders/" + order);
  return answer;
}

struct Seen {
  std::optional<PaymentFacts> facts;
  std::string order;
  Paid paid = Paid::NotOpen;
};

void show(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  sale->test_provider->act<Seen>(
      exchange->loop(),
      [id = std::string(request.arg("payment"))](Work& work) {
        return Seen{ticketing::facts_of(work, id), ticketing::order_of_payment(work, id), {}};
      },
      [exchange](std::optional<Seen> seen) {
        if (!seen || !seen->facts) return exchange->respond(page("<p>404</p>", 404));
        const PaymentFacts& facts = *seen->facts;
        if (facts.captured > 0 || facts.gone) return exchange->respond(back_to(seen->order));
        exchange->respond(page(facts.number.empty() ? card_form(facts, "") : store_text(facts)));
      });
}

void pay(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto form = net::parse_form(request.body);
  std::string card, challenge;
  if (form) {
    for (const auto& [name, value] : *form) {
      if (name == "card") card = value;
      if (name == "challenge") challenge = value;
    }
  }
  sale->test_provider->act<Seen>(
      exchange->loop(),
      [id = std::string(request.arg("payment")), card, challenge](Work& work) {
        const Paid paid = challenge.empty()
                              ? ticketing::pay(work, id, card)
                              : ticketing::answer_challenge(work, id, challenge == "yes");
        return Seen{ticketing::facts_of(work, id), ticketing::order_of_payment(work, id), paid};
      },
      [exchange](std::optional<Seen> seen) {
        if (!seen || !seen->facts) return exchange->respond(page("<p>404</p>", 404));
        switch (seen->paid) {
          case Paid::Yes:
          case Paid::NotOpen:
            return exchange->respond(back_to(seen->order));
          case Paid::Declined:
            return exchange->respond(
                page(card_form(*seen->facts, "カードが使えませんでした / The card was declined")));
          case Paid::Challenge:
            return exchange->respond(page(challenge_form(*seen->facts)));
          case Paid::NoAnswer:
            break;
        }
        exchange->respond(page("<p>504 応答がありません / no answer</p>", 504));
      });
}

std::optional<Told> told_of(std::string_view word) {
  if (word == "store-paid") return Told::StorePaid;
  if (word == "refund") return Told::Refunded;
  if (word == "dispute") return Told::DisputeOpened;
  if (word == "dispute-won") return Told::DisputeWon;
  if (word == "dispute-lost") return Told::DisputeLost;
  if (word == "expire") return Told::Expired;
  return std::nullopt;
}

void tell(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const auto what = told_of(text_of(*body, "do"));
  if (!what) {
    return exchange->respond(
        problem(400, "bad-request",
                "\"do\" is store-paid, refund, dispute, dispute-won, dispute-lost or expire."));
  }
  sale->test_provider->act<bool>(
      exchange->loop(),
      [id = std::string(request.arg("payment")), what = *what](Work& work) {
        return ticketing::tell(work, id, what);
      },
      [exchange](std::optional<bool> done) {
        if (!done || !*done) return exchange->respond(problem(ticketing::Fault::NotPossible));
        exchange->respond(json_answer(json::object{{"done", true}}));
      });
}

// {"advance_s": N}: so much later for the sale, and for nothing else.
void move_clock(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  constexpr std::int64_t kAdvanceMax = 366L * 24 * 3600;
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const auto by = number_of(*body, "advance_s");
  if (!by || *by < 0 || *by > kAdvanceMax) {
    return exchange->respond(problem(400, "bad-request", "\"advance_s\" is seconds, forwards."));
  }
  sale->test_clock->advance(Seconds{*by});
  exchange->respond(json_answer(json::object{{"now", ticketing::rfc3339(sale->clock.utc())}}));
}

net::Route route(net::Method method, std::string pattern, const SalePtr& sale, auto handle) {
  return {method,
          std::move(pattern),
          {.who = net::Who::Anyone,
           .rate = method == net::Method::Get ? net::RateClass::None : net::RateClass::Write,
           .body_bytes_max = 4 * 1024},
          handler_of(sale, handle),
          {}};
}

}  // namespace

std::vector<net::Route> test_payment_routes(const SalePtr& sale) {
  std::vector<net::Route> table;
  if (sale->test_provider == nullptr) return table;
  table.push_back(route(net::Method::Get, "/test-payments/{payment}", sale, &show));
  table.push_back(route(net::Method::Post, "/test-payments/{payment}", sale, &pay));
  if (sale->test_operator) {
    table.push_back(route(net::Method::Post, "/test-payments/{payment}/operator", sale, &tell));
  }
  if (sale->test_clock != nullptr) {
    table.push_back(route(net::Method::Post, "/test-payments/operator/clock", sale, &move_clock));
  }
  return table;
}

}  // namespace butai::api
