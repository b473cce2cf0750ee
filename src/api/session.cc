// /api/v1/session, /api/v1/sessions, /api/v1/accounts: who is signed in with this browser.
#include <fmt/format.h>

#include <algorithm>

#include "access/limits.h"
#include "api/sale.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using access::Account;
using access::AccountFault;

constexpr std::string_view kAccountSchema =
    R"({"type":"object","properties":{"account":{"type":["object","null"],"properties":{"id":{"type":"string"},"email":{"type":["string","null"]},"name":{"type":"string"},"role":{"enum":["viewer","producer","admin"]},"language":{"type":"string"}}},"csrf":{"type":"string"},"second_factor_needed":{"type":"boolean"}}})";

json::object describe(const Account& account) {
  return {{"id", account.id},
          {"email", account.email ? json::value(*account.email) : json::value(nullptr)},
          {"name", account.display_name.empty() ? account.name : account.display_name},
          {"role", access::name_of(account.role)},
          {"language", account.language}};
}

std::string cookie(std::string_view token, bool secure, Seconds life) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", access::kSessionCookie,
                     token, life.count(), secure ? "; Secure" : "");
}

net::Response refused(const access::SignInFailure& failure) {
  const std::string_view words = access::sentence(failure.fault);
  switch (failure.fault) {
    case AccountFault::Taken:
      return problem(409, "account-exists", words);
    case AccountFault::WrongPassword:
      return problem(401, "wrong-password", words);
    case AccountFault::TooManyTries: {
      net::Response answer = problem(429, "too-many-tries", words);
      answer.headers.set("Retry-After", std::to_string(failure.retry_after.count()));
      return answer;
    }
    case AccountFault::Busy:
    case AccountFault::Broken: {
      net::Response answer = problem(503, "busy", words);
      answer.headers.set("Retry-After", std::to_string(std::max(1L, failure.retry_after.count())));
      return answer;
    }
    default:
      return problem(400, "bad-request", words);
  }
}

// What producers and admins are asked for before they act.
bool needs_second_factor(const SalePtr& sale, const Account& account, bool proved) {
  return sale->second_factor == access::SecondFactor::Required && !proved &&
         account.granted() != account.granted_to_one_factor();
}

void begin_session(const SalePtr& sale, SharedExchange exchange, const Account& account,
                   bool secure, int status) {
  sale->known.know(account);
  sale->sessions.start(
      account, exchange->loop(), [sale, exchange, account, secure, status](auto started) {
        if (!started) return exchange->respond(problem(503, "busy", sentence(started.error())));
        net::Response answer = json_answer(
            json::object{{"account", describe(account)},
                         {"csrf", started->csrf},
                         {"second_factor_needed", needs_second_factor(sale, account, false)}},
            status);
        answer.headers.add("Set-Cookie", session_cookie(started->token, secure));
        exchange->respond(std::move(answer));
      });
}

void sign_up(const SalePtr& sale, const net::Request& request, SharedExchange exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  access::NewAccount wanted;
  wanted.email = text_of(*body, "email");
  wanted.password = text_of(*body, "password");
  wanted.display_name = text_of(*body, "name");
  wanted.language = text_of(*body, "language");
  const bool secure = request.peer.secure;
  sale->accounts.sign_up(std::move(wanted), exchange->loop(),
                         [sale, exchange, secure](auto account) {
                           if (!account) return exchange->respond(refused(account.error()));
                           begin_session(sale, exchange, *account, secure, 201);
                         });
}

void sign_in(const SalePtr& sale, const net::Request& request, SharedExchange exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const bool secure = request.peer.secure;
  sale->accounts.sign_in(text_of(*body, "email"), text_of(*body, "password"), exchange->loop(),
                         [sale, exchange, secure](auto account) {
                           if (!account) return exchange->respond(refused(account.error()));
                           begin_session(sale, exchange, *account, secure, 200);
                         });
}

void tell(const SalePtr& sale, const net::Request& request, SharedExchange exchange) {
  const auto token = access::session_cookie_of(request);
  const auto session = token ? sale->sessions.find(*token) : std::nullopt;
  if (!session) {
    return exchange->respond(json_answer(json::object{{"account", nullptr}, {"csrf", ""}}));
  }
  const auto answer = [sale, csrf = sale->sessions.csrf_of(*token),
                       proved = session->proved](const Account& account) {
    return json_answer(
        json::object{{"account", describe(account)},
                     {"csrf", csrf},
                     {"second_factor_needed", needs_second_factor(sale, account, proved)}});
  };
  if (const auto known = sale->known.find(session->name)) {
    exchange->respond(answer(*known));
    if (!sale->known.begin_reading_again(session->name)) return;
    return sale->accounts.find(session->name, exchange->loop(), [sale](auto account) {
      sale->known.read_again();
      if (account) sale->known.know(*account);
    });
  }
  sale->accounts.find(session->name, exchange->loop(), [sale, exchange, answer](auto account) {
    if (!account) {
      return exchange->respond(problem(503, "busy", access::sentence(account.error())));
    }
    sale->known.know(*account);
    exchange->respond(answer(*account));
  });
}

void sign_out(const SalePtr& sale, const net::Request& request, SharedExchange exchange,
              bool everywhere) {
  const auto token = access::session_cookie_of(request);
  const auto session = token ? sale->sessions.find(*token) : std::nullopt;
  const auto done = [exchange, secure = request.peer.secure](auto ended) {
    if (!ended) return exchange->respond(problem(503, "busy", sentence(ended.error())));
    net::Response answer = no_content();
    answer.headers.add("Set-Cookie", cookie("", secure, Seconds{0}));
    exchange->respond(std::move(answer));
  };
  if (!session) return done(std::expected<void, store::Failure>{});
  if (everywhere) return sale->sessions.end_all(session->account, exchange->loop(), done);
  sale->sessions.end(*token, exchange->loop(), done);
}

}  // namespace

std::string session_cookie(std::string_view token, bool secure) {
  return cookie(token, secure, access::kSessionLife);
}

std::vector<net::Route> session_routes(const SalePtr& sale) {
  using net::Method;
  const std::string schema(kAccountSchema);
  const std::string credentials =
      R"({"type":"object","required":["email","password"],"properties":{"email":{"type":"string"},"password":{"type":"string"},"name":{"type":"string"},"language":{"enum":["ja","en"]}}})";
  const net::Policy reads{.who = net::Who::Anyone};
  const net::Policy enters{.who = net::Who::Anyone,
                           .rate = net::RateClass::Login,
                           .csrf = net::Csrf::SameOrigin,
                           .body_bytes_max = 4 * 1024};
  const net::Policy leaves{.who = net::Who::Bearer,
                           .rate = net::RateClass::Write,
                           .csrf = net::Csrf::SameOrigin,
                           .body_bytes_max = 1024};
  std::vector<net::Route> table;
  const auto add = [&](Method method, std::string pattern, const net::Policy& policy,
                       net::RouteDoc doc, auto handle) {
    table.push_back({method, std::move(pattern), policy, handler_of(sale, handle), std::move(doc)});
  };
  add(Method::Get, "/api/v1/session", reads,
      {"Who is signed in with this cookie, and the word that writes need.", "", schema}, &tell);
  net::Policy joins = enters;
  joins.rests = true;
  add(Method::Post, "/api/v1/accounts", joins,
      {"Make an account with an e-mail address; it is signed in.", credentials, schema}, &sign_up);
  add(Method::Post, "/api/v1/session", enters, {"Sign in.", credentials, schema}, &sign_in);
  add(Method::Delete, "/api/v1/session", leaves, {"Sign out here.", "", ""},
      [](const SalePtr& s, const net::Request& r, SharedExchange e) {
        sign_out(s, r, std::move(e), false);
      });
  add(Method::Delete, "/api/v1/sessions", leaves, {"Sign out everywhere.", "", ""},
      [](const SalePtr& s, const net::Request& r, SharedExchange e) {
        sign_out(s, r, std::move(e), true);
      });
  return table;
}

}  // namespace butai::api
