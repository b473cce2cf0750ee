// /api/v1/producer/events/{id}/sales and /orders.csv: what was sold, for a plot and for a spreadsheet.
#include "ticketing/orders/sales.h"
#include "api/sale.h"
#include "api/sale_json.h"
#include "ticketing/times.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::Outcome;
using ticketing::Work;

bool is_event(const SalePtr& sale, const net::Request& request, net::Exchange& exchange) {
  if (sale->office.rights().catalog()->by_id(request.arg("id")) != nullptr) return true;
  exchange.respond(problem(ticketing::Fault::NotFound));
  return false;
}

void show_sales(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  if (!is_event(sale, request, *exchange)) return;
  sale->office.ask<ticketing::Sales>(
      exchange->loop(),
      [id = std::string(request.arg("id"))](Work& work) -> Outcome<ticketing::Sales> {
        return ticketing::sales_of(work, id);
      },
      [exchange](Outcome<ticketing::Sales> sales) {
        if (!sales) return exchange->respond(problem(sales.error()));
        json::array points;
        for (const auto& point : sales->points) {
          points.push_back({{"from", ticketing::rfc3339(point.from)},
                            {"orders", point.orders},
                            {"tickets", point.tickets},
                            {"amount", point.amount}});
        }
        exchange->respond(json_answer(json::object{{"step_seconds", sales->step.count()},
                                                   {"currency", sales->currency},
                                                   {"points", std::move(points)}}));
      });
}

void show_csv(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  if (!is_event(sale, request, *exchange)) return;
  sale->office.ask<std::string>(
      exchange->loop(),
      [id = std::string(request.arg("id"))](Work& work) -> Outcome<std::string> {
        return ticketing::orders_csv(work, id);
      },
      [exchange](Outcome<std::string> text) {
        if (!text) return exchange->respond(problem(text.error()));
        net::Response answer = net::Response::text(200, "text/csv; charset=utf-8", *text);
        answer.headers.set("Content-Disposition", "attachment; filename=\"orders.csv\"");
        exchange->respond(std::move(answer));
      });
}

}  // namespace

std::vector<net::Route> sales_routes(const SalePtr& sale) {
  std::vector<net::Route> table;
  const auto add = [&](std::string pattern, std::string summary, std::string schema, auto handle) {
    table.push_back({net::Method::Get,
                     "/api/v1/producer/events/{id}" + pattern,
                     {.who = net::Who::Control},
                     handler_of(sale, handle),
                     {std::move(summary), "", std::move(schema)}});
  };
  add("/sales", "What was sold, by hour or day.", R"({"type":"object"})", &show_sales);
  add("/orders.csv", "All orders, for a spreadsheet.", "", &show_csv);
  return table;
}

}  // namespace butai::api
