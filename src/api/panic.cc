// /api/v1/panic: whatever watching does not need rests, or works again.
#include "access/panic_switch.h"
#include "api/sale.h"

namespace butai::api {
namespace {

namespace json = boost::json;

void show(const SalePtr& sale, const net::Request&, const SharedExchange& exchange) {
  exchange->respond(json_answer(json::object{{"on", sale->panic.on()}}));
}

void set(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto body = body_of(request, *exchange);
  if (!body) return;
  const json::value* on = body->if_contains("on");
  if (on == nullptr || !on->is_bool()) {
    return exchange->respond(problem(ticketing::Fault::BadRequest));
  }
  sale->panic.set(on->as_bool(), exchange->loop(), [exchange, on = on->as_bool()](bool written) {
    exchange->respond(json_answer(json::object{{"on", on}, {"written", written}}));
  });
}

}  // namespace

std::vector<net::Route> panic_routes(const SalePtr& sale) {
  constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"on":{"type":"boolean"},"written":{"type":"boolean"}}})";
  std::vector<net::Route> table;
  table.push_back({net::Method::Get,
                   "/api/v1/panic",
                   {.who = net::Who::Control},
                   handler_of(sale, &show),
                   {"Whether everything but watching rests.", "", std::string(kSchema)}});
  table.push_back(
      {net::Method::Post,
       "/api/v1/panic",
       {.who = net::Who::Control, .csrf = net::Csrf::SameOrigin, .body_bytes_max = 1024},
       handler_of(sale, &set),
       {"Let everything but watching rest, or work again: {\"on\": true}.",
        R"({"type":"object","required":["on"],"properties":{"on":{"type":"boolean"}}})",
        std::string(kSchema)}});
  return table;
}

}  // namespace butai::api
