// /api/v1/account: what somebody sees of their own account; the second factor; letters that prove an address or
// set a new password.
#include "access/limits.h"
#include "api/sale.h"
#include "mail/outbox.h"
#include "ticketing/times.h"

namespace butai::api {
namespace {

namespace json = boost::json;
namespace oidc = access::oidc;
using access::FactorFault;
using access::RecoveryFault;
using ticketing::Outcome;
using ticketing::Work;

json::object describe(Work& work, const access::Account& account, bool proved) {
  const auto row = work.sql.row("SELECT email_verified_at, password_hash FROM account WHERE id = ?",
                                {account.id});
  json::array sign_ins;
  for (const oidc::Linked& one : oidc::linked_to(work.sql, account.id)) {
    sign_ins.push_back({{"id", one.id},
                        {"name", one.provider},
                        {"email", one.email},
                        {"linked", ticketing::rfc3339(one.at)}});
  }
  const auto factor = access::SecondFactors::status_of(work.sql, account.id);
  const auto bounce = mail::bounce_of(work.sql, account.id);
  return {{"email", account.email ? json::value(*account.email) : json::value(nullptr)},
          {"email_verified", row && !row->null(0)},
          {"mail_problem", bounce ? json::value(bounce->why) : json::value(nullptr)},
          {"password", row && !row->text(1).empty()},
          {"sign_ins", std::move(sign_ins)},
          {"second_factor",
           {{"in_force", factor.in_force},
            {"recovery_codes_left", factor.recovery_codes_left},
            {"shown", proved}}}};
}

void show(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto session = session_of(sale, request);
  sale->office.ask<json::object>(
      exchange->loop(),
      [subject = request.principal.subject,
       proved = session && session->proved](Work& work) -> Outcome<json::object> {
        const auto id = account_of(work, subject);
        if (!id) return std::unexpected(id.error());
        const auto account = access::account_in(work.sql.session(), *id);
        if (!account) return std::unexpected(ticketing::Fault::NotFound);
        return describe(work, *account, proved);
      },
      [exchange](Outcome<json::object> told) {
        exchange->respond(told ? json_answer(*told) : problem(told.error()));
      });
}

net::Response refused(FactorFault fault) {
  switch (fault) {
    case FactorFault::Wrong:
      return problem(403, "wrong-code", "That code is wrong, or was used before.");
    case FactorFault::TooManyTries: {
      net::Response answer = problem(429, "too-many-tries", "Too many wrong codes. Wait a minute.");
      answer.headers.set("Retry-After", "60");
      return answer;
    }
    case FactorFault::NotPossible:
      return problem(ticketing::Fault::NotPossible);
    case FactorFault::Broken:
      break;
  }
  return problem(ticketing::Fault::Busy);
}

net::Response refused(RecoveryFault fault) {
  switch (fault) {
    case RecoveryFault::LinkOver:
      return problem(410, "link-over",
                     "This link was used, or its time is over. Ask for a new one.");
    case RecoveryFault::BadPassword:
      return problem(400, "bad-request", access::sentence(access::AccountFault::BadPassword));
    case RecoveryFault::Busy:
      break;
  }
  return problem(ticketing::Fault::Busy);
}

// The browser's session; answers 404 where there is none.
std::optional<access::Session> session_or_not(const SalePtr& sale, const net::Request& request,
                                              const SharedExchange& exchange) {
  auto session = session_of(sale, request);
  if (!session) exchange->respond(problem(ticketing::Fault::NotFound));
  return session;
}

void begin_factor(const SalePtr& sale, const net::Request& request,
                  const SharedExchange& exchange) {
  const auto session = session_or_not(sale, request, exchange);
  if (!session) return;
  sale->accounts.find(
      session->name, exchange->loop(), [sale, exchange, id = session->account](auto account) {
        if (!account) return exchange->respond(problem(ticketing::Fault::NotFound));
        // Only who needs one has one: a viewer's ticket must not hang on a phone's battery.
        if (account->granted() == account->granted_to_one_factor()) {
          return exchange->respond(problem(ticketing::Fault::NotPossible));
        }
        sale->factors.begin(
            id, account->email.value_or(account->name), exchange->loop(), [exchange](auto begun) {
              if (!begun) return exchange->respond(refused(begun.error()));
              exchange->respond(json_answer(
                  json::object{{"secret", begun->secret}, {"address", begun->address}}));
            });
      });
}

// Wrong or right, the session is the one that asked.
void prove(const SalePtr& sale, const std::string& token, const SharedExchange& exchange,
           json::value body) {
  sale->sessions.prove(token, exchange->loop(), [exchange, body = std::move(body)](auto proved) {
    if (!proved) return exchange->respond(problem(ticketing::Fault::Busy));
    exchange->respond(body.is_null() ? no_content() : json_answer(body));
  });
}

void confirm_factor(const SalePtr& sale, const net::Request& request,
                    const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const auto session = session_or_not(sale, request, exchange);
  if (!session) return;
  sale->factors.confirm(
      session->account, text_of(*body, "code"), exchange->loop(),
      [sale, exchange, token = std::string(*access::session_cookie_of(request))](auto codes) {
        if (!codes) return exchange->respond(refused(codes.error()));
        json::array all;
        for (const std::string& code : *codes) all.emplace_back(code);
        prove(sale, token, exchange, json::object{{"recovery_codes", std::move(all)}});
      });
}

void show_factor(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const auto session = session_or_not(sale, request, exchange);
  if (!session) return;
  sale->factors.check(
      session->account, text_of(*body, "code"), exchange->loop(),
      [sale, exchange, token = std::string(*access::session_cookie_of(request))](auto right) {
        if (!right) return exchange->respond(refused(right.error()));
        prove(sale, token, exchange, nullptr);
      });
}

void remove_factor(const SalePtr& sale, const net::Request& request,
                   const SharedExchange& exchange) {
  const auto session = session_or_not(sale, request, exchange);
  if (!session) return;
  if (!session->proved) {
    return exchange->respond(
        problem(403, "second-factor-needed", "Show your second factor first."));
  }
  // The others were proved with what is gone now.
  sale->factors.remove(
      session->account, exchange->loop(),
      [sale, exchange, account = session->account](auto removed) {
        if (!removed) return exchange->respond(refused(removed.error()));
        sale->sessions.end_all(account, exchange->loop(), [exchange](auto ended) {
          exchange->respond(ended ? no_content() : problem(ticketing::Fault::Busy));
        });
      });
}

auto tell(const SharedExchange& exchange, int status) {
  return [exchange, status](std::expected<void, RecoveryFault> done) {
    if (!done) return exchange->respond(refused(done.error()));
    net::Response answer = no_content();
    answer.status = status;
    exchange->respond(std::move(answer));
  };
}

void ask_verification(const SalePtr& sale, const net::Request& request,
                      const SharedExchange& exchange) {
  const auto session = session_or_not(sale, request, exchange);
  if (!session) return;
  sale->recovery.ask_verification(session->account, exchange->loop(), tell(exchange, 202));
}

void verify(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  sale->recovery.verify(text_of(*body, "link"), exchange->loop(), tell(exchange, 204));
}

void ask_reset(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  // The same answer whoever is asked for, and at once: nobody waits for the letter.
  sale->recovery.ask_reset(text_of(*body, "email"), exchange->loop(), [](auto) {});
  net::Response answer = no_content();
  answer.status = 202;
  exchange->respond(std::move(answer));
}

void reset(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  sale->recovery.reset(text_of(*body, "link"), text_of(*body, "password"), exchange->loop(),
                       tell(exchange, 204));
}

}  // namespace

std::vector<net::Route> account_routes(const SalePtr& sale) {
  using net::Method;
  const std::string code =
      R"({"type":"object","required":["code"],"properties":{"code":{"type":"string"}}})";
  const std::string link =
      R"({"type":"object","required":["link"],"properties":{"link":{"type":"string"}}})";
  const net::Policy reads{.who = net::Who::Bearer};
  const net::Policy writes{.who = net::Who::Bearer,
                           .rate = net::RateClass::Write,
                           .csrf = net::Csrf::SameOrigin,
                           .body_bytes_max = 4 * 1024};
  const net::Policy enters{.who = net::Who::Anyone,
                           .rate = net::RateClass::Login,
                           .csrf = net::Csrf::SameOrigin,
                           .body_bytes_max = 4 * 1024};
  std::vector<net::Route> table;
  const auto add = [&](Method method, std::string pattern, const net::Policy& policy,
                       net::RouteDoc doc, auto handle) {
    table.push_back({method, std::move(pattern), policy, handler_of(sale, handle), std::move(doc)});
  };
  add(Method::Get, "/api/v1/account", reads,
      {"My account: address, sign-ins, second factor.", "",
       R"({"type":"object","properties":{"email":{"type":["string","null"]},"email_verified":{"type":"boolean"},"mail_problem":{"type":["string","null"]},"password":{"type":"boolean"},"sign_ins":{"type":"array"},"second_factor":{"type":"object"}}})"},
      &show);
  add(Method::Post, "/api/v1/account/second-factor", writes,
      {"Begin with an authenticator: its secret, not in force until a code of it was shown.", "",
       R"({"type":"object","properties":{"secret":{"type":"string"},"address":{"type":"string"}}})"},
      &begin_factor);
  add(Method::Post, "/api/v1/account/second-factor/confirm", writes,
      {"The authenticator's first code: it is in force, and recovery codes are shown this once.",
       code,
       R"({"type":"object","properties":{"recovery_codes":{"type":"array","items":{"type":"string"}}}})"},
      &confirm_factor);
  add(Method::Delete, "/api/v1/account/second-factor", writes,
      {"Take the authenticator off; every session ends.", "", ""}, &remove_factor);
  add(Method::Post, "/api/v1/session/second-factor", writes,
      {"Show a code, or a recovery code: this session may act as a producer or admin.", code, ""},
      &show_factor);
  add(Method::Post, "/api/v1/account/verification", writes,
      {"Send the letter that proves my address again.", "", ""}, &ask_verification);
  add(Method::Post, "/api/v1/verifications", enters,
      {"What stood in the link that proves an address.", link, ""}, &verify);
  add(Method::Post, "/api/v1/password-resets", enters,
      {"A letter with a link for a new password; the answer is the same for every address.",
       R"({"type":"object","required":["email"],"properties":{"email":{"type":"string"}}})", ""},
      &ask_reset);
  add(Method::Put, "/api/v1/password-resets", enters,
      {"The new password, with what stood in the link. Every session ends.",
       R"({"type":"object","required":["link","password"],"properties":{"link":{"type":"string"},"password":{"type":"string"}}})",
       ""},
      &reset);
  return table;
}

}  // namespace butai::api
