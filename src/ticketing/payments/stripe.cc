#include "ticketing/payments/stripe.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "access/strict_json.h"
#include "base/log.h"
#include "ticketing/limits.h"
#include "ticketing/payments/json_fields.h"
#include "ticketing/payments/stripe_objects.h"
#include "ticketing/payments/stripe_webhook.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

constexpr std::size_t kStripeAnswerMax = 512 * 1024;  // bytes; an intent with its charge: 20 kB

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts, [text](std::string_view s) { return text.starts_with(s); });
}

}  // namespace

// `done`: Stripe did it. `refused`: it did not and will not. Neither: nobody knows.
struct Stripe::Reply {
  bool done = false;
  bool refused = false;
  json::object body;
};

bool is_live_key(std::string_view key) {
  return starts_with_any(key, {"sk_live_", "rk_live_", "pk_live_"});
}

Expected<void> check_stripe_settings(const StripeSettings& settings) {
  if (!starts_with_any(settings.secret_key, {"sk_test_", "sk_live_", "rk_test_", "rk_live_"})) {
    return problem(
        "[payments.stripe] secret_key must begin with sk_test_, sk_live_, rk_test_ or "
        "rk_live_");
  }
  if (!starts_with_any(settings.publishable_key, {"pk_test_", "pk_live_"})) {
    return problem("[payments.stripe] publishable_key must begin with pk_test_ or pk_live_");
  }
  if (is_live_key(settings.secret_key) != is_live_key(settings.publishable_key)) {
    return problem(
        "[payments.stripe] secret_key and publishable_key: one is for real money and one "
        "for tests; take both from the same page of Stripe's dashboard");
  }
  if (!settings.webhook_secret.starts_with("whsec_")) {
    return problem(
        "[payments.stripe] webhook_secret must begin with whsec_; it stands beside the "
        "endpoint PUBLIC_URL/webhooks/stripe in Stripe's dashboard");
  }
  for (const std::string* url : {&settings.api_base, &settings.js_url}) {
    if (auto good = net::check_outgoing_url(*url); !good) {
      return problem("[payments.stripe] " + good.error().sentence);
    }
  }
  return {};
}

void Stripe::call(const Call& call, Executor& home, Done done) {
  switch (call.kind) {
    case Call::Kind::Create:
      return create(call, home, std::move(done));
    case Call::Kind::Cancel:
      return cancel(call, home, std::move(done));
    case Call::Kind::Refund:
      return refund(call, home, std::move(done));
    case Call::Kind::Ask:
      break;
  }
  ask(call, home, std::move(done));
}

void Stripe::create(const Call& call, Executor& home, Done done) {
  // The same words for every try: a key that comes with others is refused.
  Form form{{"amount", fmt::format("{}", call.amount.minor)},
            {"currency", lower_case(call.amount.currency)},
            {"description", call.order},
            {"metadata[payment]", call.payment},
            {"metadata[order]", call.order}};
  if (call.method == "konbini") {
    const auto until = std::chrono::floor<Seconds>(call.pay_until).time_since_epoch().count();
    form.emplace_back("payment_method_types[0]", "konbini");
    form.emplace_back("payment_method_options[konbini][expires_at]", fmt::format("{}", until));
  } else {
    // What is paid days later has an end of its own, and a way of its own.
    form.emplace_back("automatic_payment_methods[enabled]", "true");
    form.emplace_back("excluded_payment_method_types[0]", "konbini");
    form.emplace_back("excluded_payment_method_types[1]", "customer_balance");
  }
  post("/v1/payment_intents", form, call.key, home,
       [this, &home, done = std::move(done)](Reply reply) mutable {
         answer(std::move(reply), home, std::move(done));
       });
}

void Stripe::cancel(const Call& call, Executor& home, Done done) {
  if (call.reference.empty()) return ask(call, home, std::move(done));
  post(fmt::format("/v1/payment_intents/{}/cancel", escaped(call.reference)), {}, "", home,
       [this, call, &home, done = std::move(done)](Reply reply) mutable {
         if (!reply.refused) return answer(std::move(reply), home, std::move(done));
         // It is over already, one way or the other, or the bank still thinks: ask again later.
         ask(call, home, [done = std::move(done)](Answer answer) mutable {
           const bool over = answer && (answer->gone || answer->captured > 0);
           if (!answer || over) return done(std::move(answer));
           done(std::unexpected(CallFault::Unknown));
         });
       });
}

void Stripe::refund(const Call& call, Executor& home, Done done) {
  look(call, home, [this, call, &home, done = std::move(done)](Reply before) mutable {
    const auto facts = before.done ? facts_of_intent(before.body) : std::nullopt;
    if (!facts) return answer(std::move(before), home, std::move(done));
    std::int64_t failed = 0;
    for (const RefundFailure& one : facts->refund_failures) failed += one.amount;
    if (facts->captured <= facts->refunded - failed) {
      return answer(std::move(before), home, std::move(done));
    }
    Form form{{"payment_intent", facts->reference},
              {"amount", fmt::format("{}", call.amount.minor)},
              {"metadata[payment]", call.payment}};
    // A till gives nothing back: Stripe asks the buyer for a bank account.
    const std::string email = call.method == "konbini" ? email_of_charge(before.body) : "";
    if (!email.empty()) form.emplace_back("instructions_email", email);
    post(
        "/v1/refunds", form, call.key, home,
        [this, call, &home, before = facts->refunded, done = std::move(done)](Reply reply) mutable {
          if (!reply.done && !reply.refused) return done(std::unexpected(CallFault::Unknown));
          ask(call, home,
              [before, refused = reply.refused, done = std::move(done)](Answer answer) mutable {
                const bool nothing = answer && answer->refunded <= before;
                if (!nothing) return done(std::move(answer));
                done(std::unexpected(refused ? CallFault::Refused : CallFault::Unknown));
              });
        });
  });
}

// The intent as it is now; an answer that is not one when Stripe does not find it (yet).
void Stripe::look(const Call& call, Executor& home, OnReply done) {
  if (!call.reference.empty()) {
    return get(fmt::format("/v1/payment_intents/{}?expand[]=latest_charge.refunds",
                           escaped(call.reference)),
               home, std::move(done));
  }
  const std::string query = escaped(fmt::format("metadata['payment']:'{}'", call.payment));
  get(fmt::format("/v1/payment_intents/search?query={}&expand[]=data.latest_charge.refunds", query),
      home, [done = std::move(done)](Reply reply) mutable {
        const json::value* data = reply.body.if_contains("data");
        const bool found = reply.done && data != nullptr && data->is_array() &&
                           !data->as_array().empty() && data->as_array().front().is_object();
        if (!found) return done(Reply{});  // its index is a minute behind
        json::object first = data->as_array().front().as_object();
        done(Reply{.done = true, .refused = false, .body = std::move(first)});
      });
}

void Stripe::ask(const Call& call, Executor& home, Done done) {
  look(call, home, [this, &home, done = std::move(done)](Reply reply) mutable {
    answer(std::move(reply), home, std::move(done));
  });
}

// What an intent says; when its charge was disputed, with what became of that.
void Stripe::answer(Reply reply, Executor& home, Done done) {
  if (reply.refused) return done(std::unexpected(CallFault::Refused));
  auto facts = reply.done ? facts_of_intent(reply.body) : std::nullopt;
  if (!facts) return done(std::unexpected(CallFault::Unknown));
  if (!was_disputed(reply.body)) return done(std::move(*facts));
  get(fmt::format("/v1/disputes?payment_intent={}&limit=100", escaped(facts->reference)), home,
      [facts = std::move(*facts), done = std::move(done)](Reply disputes) mutable {
        if (!disputes.done) return done(std::unexpected(CallFault::Unknown));
        facts.dispute = dispute_of(disputes.body);
        done(std::move(facts));
      });
}

void Stripe::post(const std::string& path, const Form& form, const std::string& key, Executor& home,
                  OnReply done) {
  net::OutgoingRequest request;
  request.url = settings_.api_base + path;
  for (const auto& [name, value] : form) {
    request.body += fmt::format("{}{}={}", request.body.empty() ? "" : "&", name, escaped(value));
  }
  request.headers = {"Content-Type: application/x-www-form-urlencoded"};
  if (!key.empty()) request.headers.push_back("Idempotency-Key: " + key);
  send(std::move(request), home, std::move(done));
}

void Stripe::get(const std::string& path, Executor& home, OnReply done) {
  net::OutgoingRequest request;
  request.verb = net::OutgoingRequest::Verb::Get;
  request.url = settings_.api_base + path;
  send(std::move(request), home, std::move(done));
}

void Stripe::send(net::OutgoingRequest request, Executor& home, OnReply done) {
  request.headers.push_back("Authorization: Bearer " + settings_.secret_key);
  request.headers.push_back(fmt::format("Stripe-Version: {}", kStripeVersion));
  request.answer_bytes_max = kStripeAnswerMax;
  send_(std::move(request), home,
        [done = std::move(done)](Expected<net::OutgoingAnswer> answer) mutable {
          Reply reply;
          if (!answer) {
            log::warning("Stripe did not answer", {{"why", answer.error().sentence}});
            return done(std::move(reply));
          }
          auto body = access::parse_object(answer->body, kWebhookJsonDepthMax);
          const int status = answer->status;
          reply.done = status >= 200 && status < 300 && body.has_value();
          reply.refused = status == 400 || status == 402 || status == 404;
          if (body) reply.body = std::move(*body);
          if (!reply.done) {
            const json::object* error = object_of(reply.body, "error");
            log::warning("Stripe said no",
                         {{"status", status},
                          {"code", error == nullptr ? "" : text_of(*error, "code")},
                          {"type", error == nullptr ? "" : text_of(*error, "type")}});
          }
          done(std::move(reply));
        });
}

std::expected<WebhookEvent, WebhookFault> Stripe::read_webhook(std::string_view signature,
                                                               std::string_view body,
                                                               Utc now) const {
  const auto good = check_stripe_signature(settings_.webhook_secret, signature, body, now);
  if (!good) return std::unexpected(good.error());
  return read_stripe_event(body);
}

}  // namespace butai::ticketing
