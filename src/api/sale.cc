#include "api/sale.h"

#include <fmt/format.h>

#include "access/strict_json.h"

namespace butai::api {

namespace json = boost::json;

net::HttpHandler handler_of(const SalePtr& sale, SaleHandler handle) {
  return
      [sale, handle = std::move(handle)](const net::Request& request, net::ExchangePtr exchange) {
        handle(sale, request, SharedExchange(std::move(exchange)));
      };
}

std::optional<json::object> body_of(const net::Request& request, net::Exchange& exchange) {
  auto body = access::parse_object(request.body);
  if (body) return std::move(*body);
  exchange.respond(problem(400, "bad-request", "Send a JSON object."));
  return std::nullopt;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->as_int64();
}

std::optional<access::Session> session_of(const SalePtr& sale, const net::Request& request) {
  const auto token = access::session_cookie_of(request);
  return token ? sale->sessions.find(*token) : std::nullopt;
}

net::Response no_content() {
  net::Response answer;
  answer.status = 204;
  return answer;
}

net::Response problem(int status, std::string_view name, std::string_view sentence) {
  const json::object body{{"type", fmt::format("/problems/{}", name)},
                          {"title", name},
                          {"status", status},
                          {"detail", sentence}};
  net::Response answer = net::Response::json(json::serialize(body), status);
  answer.headers.set("Content-Type", "application/problem+json");
  if (status == 503) answer.headers.set("Retry-After", "1");
  return answer;
}

net::Response problem(ticketing::Fault fault) {
  return problem(ticketing::http_status(fault), ticketing::name_of(fault),
                 ticketing::sentence(fault));
}

net::Response json_answer(const json::value& body, int status) {
  return net::Response::json(json::serialize(body), status);
}

ticketing::Outcome<std::string> account_of(ticketing::Work& work, const std::string& subject) {
  const auto row = work.sql.row("SELECT id FROM account WHERE name = ?", {subject});
  if (!row) return std::unexpected(ticketing::Fault::NotFound);
  return row->text(0);
}

}  // namespace butai::api
