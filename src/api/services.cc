#include <fmt/chrono.h>
#include <fmt/format.h>

#include "api/routes.h"

namespace butai::api {
namespace {

net::Route get(std::string pattern, std::string summary, net::HttpHandler handler) {
  return {.method = net::Method::Get,
          .pattern = std::move(pattern),
          .policy = {.who = net::Who::Anyone, .cors = true},
          .handler = std::move(handler),
          .doc = {.summary = std::move(summary), .request_schema = "", .response_schema = ""}};
}

// ISO 8601 UTC with milliseconds: what urn:mpeg:dash:utc:http-xsdate:2014 asks for.
std::string xs_date_time(Utc now) {
  const auto whole = std::chrono::floor<Seconds>(now);
  const auto millis = std::chrono::duration_cast<Millis>(now - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), millis);
}

}  // namespace

std::vector<net::Route> service_routes(std::shared_ptr<const Ports> ports) {
  std::vector<net::Route> table;
  table.push_back(get("/time", "This server's UTC, for players",
                      [ports](const net::Request&, net::ExchangePtr exchange) {
                        exchange->respond(net::Response::text(200, "text/plain; charset=utf-8",
                                                              xs_date_time(ports->clock.utc())));
                      }));
  table.push_back(get("/healthz", "Alive", [](const net::Request&, net::ExchangePtr exchange) {
    exchange->respond(net::Response::json(R"({"status":"ok"})"));
  }));
  table.push_back(get("/readyz", "Ready to take viewers",
                      [ports](const net::Request&, net::ExchangePtr exchange) {
                        if (ports->ready()) {
                          return exchange->respond(net::Response::json(R"({"status":"ready"})"));
                        }
                        auto response = net::Response::problem(503, "starting or shutting down");
                        response.headers.add("Retry-After", "1");
                        exchange->respond(std::move(response));
                      }));
  return table;
}

net::Route metrics_route(const Metrics& metrics) {
  return get("/metrics", "", [&metrics](const net::Request&, net::ExchangePtr exchange) {
    exchange->respond(
        net::Response::text(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()));
  });
}

}  // namespace butai::api
