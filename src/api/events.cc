// /api/v1/events: what is announced and for sale, from memory.
#include "api/sale.h"
#include "api/sale_json.h"

namespace butai::api {
namespace {

namespace json = boost::json;

net::Route get(std::string pattern, std::string summary, net::HttpHandler handler) {
  return {.method = net::Method::Get,
          .pattern = std::move(pattern),
          // Everybody is told the same, so a cache may keep it while it asks each time.
          .policy = {.who = net::Who::Anyone, .cache = net::Cache::Revalidate, .cors = true},
          .handler = std::move(handler),
          .doc = {std::move(summary), "", R"({"type":"object"})"}};
}

}  // namespace

std::vector<net::Route> event_routes(const SalePtr& sale) {
  std::vector<net::Route> table;
  table.push_back(get("/api/v1/events", "Events that are announced, on sale, on, or over",
                      [sale](const net::Request&, net::ExchangePtr exchange) {
                        const auto catalog = sale->office.rights().catalog();
                        json::array events;
                        for (const auto& event : catalog->events()) {
                          if (event.state == ticketing::EventState::Draft) continue;
                          events.push_back(to_json(event, sale->clock.utc()));
                        }
                        exchange->respond(json_answer(json::object{{"events", std::move(events)}}));
                      }));
  table.push_back(get("/api/v1/events/{slug}", "One event",
                      [sale](const net::Request& request, net::ExchangePtr exchange) {
                        const auto catalog = sale->office.rights().catalog();
                        const auto* event = catalog->by_slug(request.arg("slug"));
                        if (event == nullptr || event->state == ticketing::EventState::Draft) {
                          return exchange->respond(problem(ticketing::Fault::NotFound));
                        }
                        exchange->respond(json_answer(to_json(*event, sale->clock.utc())));
                      }));
  return table;
}

}  // namespace butai::api
