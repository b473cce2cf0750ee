// /auth/{provider}/…: away to an identity provider and back. /api/v1/sign-ins, /api/v1/account/sign-ins: which
// there are, and which an account has.
#include <fmt/format.h>

#include "access/oidc/limits.h"
#include "access/oidc/own_path.h"
#include "api/sale.h"
#include "pages/negotiation.h"

namespace butai::api {
namespace {

namespace json = boost::json;
namespace oidc = access::oidc;
using Problem = oidc::SignIns::Problem;

constexpr std::string_view kCookie = "butai_sign_in";

std::string cookie(std::string_view value, bool secure, Seconds life) {
  return fmt::format("{}={}; Path=/auth/; Max-Age={}; HttpOnly; SameSite=Lax{}", kCookie, value,
                     life.count(), secure ? "; Secure" : "");
}

net::Response redirect(std::string address) {
  net::Response answer = net::Response::text(303, "text/plain; charset=utf-8", "");
  answer.headers.set("Location", std::move(address));
  answer.headers.set("Referrer-Policy", "no-referrer");
  return answer;
}

net::Response away_to(const oidc::SignIns::Away& away, bool secure) {
  net::Response answer = redirect(away.address);
  answer.headers.add("Set-Cookie", cookie(away.cookie, secure, oidc::kSignInLife));
  return answer;
}

std::string_view name_of(Problem problem) {
  switch (problem) {
    case Problem::None:
      break;
    case Problem::Again:
      return "again";
    case Problem::Cookies:
      return "cookies";
    case Problem::Cancelled:
      return "cancelled";
    case Problem::Provider:
      return "provider";
    case Problem::AddressTaken:
      return "address-taken";
    case Problem::Taken:
      return "taken";
  }
  return "";
}

// Own paths are printable ASCII; what would end a value is encoded.
std::string encoded(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool ends = c == '&' || c == '#' || c == '+' || c == '%' || c == '?';
    out += ends ? fmt::format("%{:02X}", static_cast<unsigned>(c)) : std::string(1, c);
  }
  return out;
}

std::string page_for(Problem problem, const std::string& return_to, bool links) {
  return links ? fmt::format("/account?problem={}", name_of(problem))
               : fmt::format("/sign-in?problem={}&next={}", name_of(problem), encoded(return_to));
}

std::string query(const net::Request& request, std::string_view name) {
  return std::string(request.query_value(name).value_or(""));
}

void start(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const std::string return_to = query(request, "return");
  // Somebody else's address is not where anybody is sent, whatever a link says.
  const std::string own = oidc::is_own_path(return_to) ? return_to : "/";
  sale->sign_ins.begin({std::string(request.arg("provider")), request.peer.origin, own, "", 0},
                       exchange->loop(), [exchange, own, secure = request.peer.secure](auto away) {
                         exchange->respond(away
                                               ? away_to(*away, secure)
                                               : redirect(page_for(Problem::Provider, own, false)));
                       });
}

void callback(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto header = [&request](std::string_view name) {
    return request.headers.find(name).value_or("");
  };
  oidc::SignIns::Back back;
  back.provider = request.arg("provider");
  back.origin = request.peer.origin;
  back.language = pages::language("", header("Cookie"), header("Accept-Language"));
  back.code = query(request, "code");
  back.state = query(request, "state");
  back.issuer = query(request, "iss");
  back.error = query(request, "error");
  back.cookie = access::cookie_of(request, kCookie).value_or("");
  if (const auto session = session_of(sale, request)) back.account = session->account;
  sale->sign_ins.finish(
      back, exchange->loop(), [exchange, secure = request.peer.secure](oidc::SignIns::Came came) {
        if (came.away) return exchange->respond(away_to(*came.away, secure));
        net::Response answer = redirect(came.problem == Problem::None
                                            ? came.return_to
                                            : page_for(came.problem, came.return_to, came.links));
        answer.headers.add("Set-Cookie", cookie("", secure, Seconds{0}));
        if (came.session) {
          answer.headers.add("Set-Cookie", session_cookie(came.session->token, secure));
        }
        exchange->respond(std::move(answer));
      });
}

void list(const SalePtr& sale, const net::Request&, const SharedExchange& exchange) {
  json::array all;
  for (const oidc::Settings* one : sale->sign_ins.providers()) {
    all.push_back({{"name", one->name}, {"label", one->label}});
  }
  exchange->respond(json_answer(json::object{{"sign_ins", std::move(all)}}));
}

// Changes how somebody signs in; with a second factor in force only after it was shown.
void if_proved(const SalePtr& sale, const access::Session& session, const SharedExchange& exchange,
               std::function<void()> act) {
  sale->office.ask<bool>(
      exchange->loop(),
      [session](ticketing::Work& work) -> ticketing::Outcome<bool> {
        return session.proved ||
               !access::SecondFactors::status_of(work.sql, session.account).in_force;
      },
      [exchange, act = std::move(act)](ticketing::Outcome<bool> may) {
        if (!may) return exchange->respond(problem(may.error()));
        if (!*may) {
          return exchange->respond(
              problem(403, "second-factor-needed", "Show your second factor first."));
        }
        act();
      });
}

void begin_link(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const auto session = session_of(sale, request);
  if (!session) return exchange->respond(problem(ticketing::Fault::NotFound));
  oidc::SignIns::Begin wish{text_of(*body, "name"), request.peer.origin, "/account",
                            session->account, 0};
  if_proved(sale, *session, exchange,
            [sale, exchange, wish = std::move(wish), secure = request.peer.secure] {
              sale->sign_ins.begin(wish, exchange->loop(), [exchange, secure](auto away) {
                if (!away) {
                  return exchange->respond(
                      problem(503, "provider", "That sign-in service cannot be reached now."));
                }
                net::Response answer = json_answer(json::object{{"url", away->address}});
                answer.headers.add("Set-Cookie", cookie(away->cookie, secure, oidc::kSignInLife));
                exchange->respond(std::move(answer));
              });
            });
}

void unlink(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto session = session_of(sale, request);
  if (!session) return exchange->respond(problem(ticketing::Fault::NotFound));
  if_proved(sale, *session, exchange,
            [sale, exchange, account = session->account, id = std::string(request.arg("id"))] {
              sale->office.ask<bool>(
                  exchange->loop(),
                  [account, id](ticketing::Work& work) -> ticketing::Outcome<bool> {
                    if (!oidc::unlink(work.sql, account, id)) {
                      return std::unexpected(ticketing::Fault::NotPossible);
                    }
                    return true;
                  },
                  [exchange](ticketing::Outcome<bool> done) {
                    exchange->respond(done ? no_content() : problem(done.error()));
                  });
            });
}

}  // namespace

std::vector<net::Route> sign_in_routes(const SalePtr& sale) {
  using net::Method;
  const net::Policy goes{
      .who = net::Who::Anyone, .rate = net::RateClass::Write, .body_bytes_max = 0};
  const net::Policy reads{.who = net::Who::Anyone};
  const net::Policy writes{.who = net::Who::Bearer,
                           .rate = net::RateClass::Write,
                           .csrf = net::Csrf::SameOrigin,
                           .body_bytes_max = 1024};
  std::vector<net::Route> table;
  const auto add = [&](Method method, std::string pattern, const net::Policy& policy,
                       net::RouteDoc doc, auto handle) {
    table.push_back({method, std::move(pattern), policy, handler_of(sale, handle), std::move(doc)});
  };
  add(Method::Get, "/auth/{provider}/start", goes,
      {"Sign in with a provider: 303 to it. ?return= is the page of this site to come back to.", "",
       ""},
      &start);
  add(Method::Get, "/auth/{provider}/callback", goes,
      {"The address that is registered at the provider: 303 to where the visitor was.", "", ""},
      &callback);
  add(Method::Get, "/api/v1/sign-ins", reads,
      {"Providers that can be signed in with.", "",
       R"({"type":"object","properties":{"sign_ins":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"label":{"type":"string"}}}}}})"},
      &list);
  add(Method::Post, "/api/v1/account/sign-ins", writes,
      {"Add a provider's sign-in to my account: where the browser goes for it.",
       R"({"type":"object","required":["name"],"properties":{"name":{"type":"string"}}})",
       R"({"type":"object","properties":{"url":{"type":"string"}}})"},
      &begin_link);
  add(Method::Delete, "/api/v1/account/sign-ins/{id}", writes,
      {"Take a sign-in off my account; not the last one.", "", ""}, &unlink);
  return table;
}

}  // namespace butai::api
