// POST /token: a name and a password for a bearer token (RFC 6749 section 4.3, errors section 5.2).
#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "access/limits.h"
#include "access/routes.h"
#include "access/scopes.h"
#include "net/loop.h"
#include "net/target.h"

namespace butai::access {
namespace {

namespace json = boost::json;

// An error for both kinds of reader: RFC 6749's members inside RFC 9457's object.
net::Response oauth_error(int status, std::string_view error, std::string_view sentence) {
  const json::object body{{"type", "about:blank"}, {"title", error},
                          {"status", status},      {"detail", sentence},
                          {"error", error},        {"error_description", sentence}};
  net::Response answer = net::Response::json(json::serialize(body), status);
  answer.headers.set("Content-Type", "application/problem+json");
  return answer;
}

struct Grant {
  std::string username;
  std::string password;
  std::optional<std::string> scope;
  std::optional<std::string> otp;  // of producers and admins, for control and admin
};

bool is_form(const net::Request& request) {
  const std::string_view type = request.headers.find("Content-Type").value_or("");
  return type.starts_with("application/x-www-form-urlencoded");
}

std::expected<Grant, net::Response> grant_of(const net::Request& request) {
  const auto bad = [](std::string_view sentence) {
    return std::unexpected(oauth_error(400, "invalid_request", sentence));
  };
  if (!is_form(request)) {
    return bad("Send a form: Content-Type: application/x-www-form-urlencoded.");
  }
  const auto form = net::parse_form(request.body);
  if (!form) return bad("The form is not well-formed.");
  std::optional<std::string> type, username, password, scope, otp;
  for (const auto& [name, value] : *form) {
    std::optional<std::string>* field = name == "grant_type" ? &type
                                        : name == "username" ? &username
                                        : name == "password" ? &password
                                        : name == "scope"    ? &scope
                                        : name == "otp"      ? &otp
                                                             : nullptr;
    if (field == nullptr) continue;
    if (*field) return bad("A field was sent twice.");
    *field = value;
  }
  if (!type || !username || !password) {
    return bad("The form needs grant_type=password, username and password.");
  }
  if (*type != "password") {
    return std::unexpected(
        oauth_error(400, "unsupported_grant_type", "Only grant_type=password is supported here."));
  }
  return Grant{std::move(*username), std::move(*password), std::move(scope), std::move(otp)};
}

net::Response refused(const SignInFailure& failure) {
  const std::string_view words = sentence(failure.fault);
  switch (failure.fault) {
    case AccountFault::WrongPassword:
      return oauth_error(400, "invalid_grant", words);
    case AccountFault::TooManyTries: {
      net::Response answer = oauth_error(429, "temporarily_unavailable", words);
      answer.headers.set("Retry-After", std::to_string(failure.retry_after.count()));
      return answer;
    }
    default: {
      net::Response answer = oauth_error(503, "temporarily_unavailable", words);
      answer.headers.set("Retry-After", std::to_string(std::max(1L, failure.retry_after.count())));
      return answer;
    }
  }
}

net::Response granted(const Account& account, const std::vector<std::string>& all,
                      const std::optional<std::string>& wanted, const TokenMinter& minter) {
  const std::vector<std::string> scopes = wanted ? common_scopes(parse_scopes(*wanted), all) : all;
  if (wanted && !wanted->empty() && scopes.empty()) {
    return oauth_error(400, "invalid_scope", "The account has none of the scopes asked for.");
  }
  const auto token = minter.mint(account.name, scopes, kLoginTokenLife);
  if (!token) return oauth_error(500, "server_error", token.error().sentence);
  json::object body{
      {"access_token", *token}, {"token_type", "bearer"}, {"expires_in", kLoginTokenLife.count()}};
  // RFC 6749 section 5.1: said when it is not what was asked for.
  if (wanted && join_scopes(scopes) != *wanted) body["scope"] = join_scopes(scopes);
  return net::Response::json(json::serialize(body));
}

// What one factor is enough for, or everything when a code of the second one came with it.
void grant(const RouteParts& parts, const Account& account, const Grant& grant,
           std::shared_ptr<net::Exchange> exchange) {
  const auto answer = [&minter = parts.minter, account, scope = grant.scope,
                       exchange](const std::vector<std::string>& all) {
    exchange->respond(granted(account, all, scope, minter));
  };
  if (parts.factors == nullptr) return answer(account.granted());
  if (!grant.otp || account.granted() == account.granted_to_one_factor()) {
    return answer(account.granted_to_one_factor());
  }
  parts.factors->check(
      account.id, *grant.otp, exchange->loop(), [answer, account, exchange](auto right) {
        if (right) return answer(account.granted());
        exchange->respond(
            oauth_error(400, "invalid_grant", "The one-time code is wrong, or was used before."));
      });
}

}  // namespace

std::vector<net::Route> token_routes(const RouteParts& parts) {
  const auto post = [parts](const net::Request& request, net::ExchangePtr exchange) {
    if (parts.minter.weak() && !request.peer.loopback) {
      return exchange->respond(parts.guard.deny(Refusal::WeakSecret, {}).response());
    }
    auto asked = grant_of(request);
    if (!asked) return exchange->respond(std::move(asked.error()));
    net::Loop& loop = exchange->loop();
    parts.accounts.sign_in(asked->username, std::move(asked->password), loop,
                           [parts, asked = *asked, exchange = std::shared_ptr(std::move(exchange))](
                               std::expected<Account, SignInFailure> account) {
                             if (!account) return exchange->respond(refused(account.error()));
                             grant(parts, *account, asked, exchange);
                           });
  };
  return {
      {net::Method::Post,
       "/token",
       {.who = net::Who::Anyone, .rate = net::RateClass::Login, .body_bytes_max = 4 * 1024},
       net::HttpHandler(post),
       {"Sign in: OAuth2 password grant, as a form.",
        R"({"type":"object","required":["grant_type","username","password"],"properties":{"grant_type":{"const":"password"},"username":{"type":"string"},"password":{"type":"string"},"scope":{"type":"string"},"otp":{"type":"string"}}})",
        R"({"type":"object","required":["access_token","token_type","expires_in"],"properties":{"access_token":{"type":"string"},"token_type":{"const":"bearer"},"expires_in":{"type":"integer"},"scope":{"type":"string"}}})"}}};
}

}  // namespace butai::access
