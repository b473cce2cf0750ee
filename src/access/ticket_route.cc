// POST /api/v1/tickets: a bearer token for a one-time ticket that may stand in a WebSocket's query.
#include <boost/json.hpp>

#include "access/limits.h"
#include "access/routes.h"

namespace butai::access {

std::vector<net::Route> ticket_routes(const RouteParts& parts) {
  const auto post = [parts](const net::Request& request, net::ExchangePtr exchange) {
    const auto ticket = parts.tickets.issue(request.principal);
    if (!ticket) {
      return exchange->respond(net::Response::problem(
          400, "The token's scopes are too long for a ticket. Use a token with fewer."));
    }
    const boost::json::object body{{"ticket", ticket->text},
                                   {"expires_in", kTicketLife.count()},
                                   {"expires", micros_of(ticket->expires)}};
    exchange->respond(net::Response::json(boost::json::serialize(body), 201));
  };
  return {
      {net::Method::Post,
       "/api/v1/tickets",
       {.who = net::Who::Bearer, .rate = net::RateClass::Write, .body_bytes_max = 1024},
       net::HttpHandler(post),
       {"A one-time ticket of 30 s: connect a WebSocket with ?ticket=TICKET.", "",
        R"({"type":"object","required":["ticket","expires_in","expires"],"properties":{"ticket":{"type":"string"},"expires_in":{"type":"integer"},"expires":{"type":"integer","description":"microseconds of UTC"}}})"}}};
}

}  // namespace butai::access
