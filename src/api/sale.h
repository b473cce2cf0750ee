// What the routes of the sale need, and what they all do alike: a JSON body, a principal's account, an
// answer from an Outcome. No rules of the sale are here.
// Thread: handlers run on their connection's loop; answers come back to it.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/accounts.h"
#include "access/guard.h"
#include "access/plays.h"
#include "access/record_key.h"
#include "access/sessions.h"
#include "base/clock.h"
#include "licenses/routes.h"
#include "net/loop.h"
#include "net/route.h"
#include "ticketing/box_office.h"
#include "ticketing/payments/test_clock.h"
#include "ticketing/payments/test_provider.h"

namespace butai::api {

// All outlive the routes.
struct Sale {
  ticketing::BoxOffice& office;
  access::Accounts& accounts;
  access::Sessions& sessions;
  access::AccessGuard& guard;
  access::Plays& plays;
  const Clock& clock;  // the sale's
  const access::RecordKey& record_key;
  ticketing::TestClock* test_clock = nullptr;        // null: time is not moved here
  ticketing::TestProvider* test_provider = nullptr;  // null: another provider takes the money
  bool test_operator = false;  // its operator's page and API, demo and tests only
  // A play's addresses as POST /api/v1/plays tells them.
  std::function<net::Response(const access::Play&, const net::Peer&)> play_answer;
  const licenses::Counts& licenses;
};
using SalePtr = std::shared_ptr<const Sale>;
using SharedExchange = std::shared_ptr<net::Exchange>;

// What a route of the sale does; the exchange is shared with whoever answers it later.
using SaleHandler = std::function<void(const SalePtr&, const net::Request&, const SharedExchange&)>;
net::HttpHandler handler_of(const SalePtr& sale, SaleHandler handle);

// /api/v1/session, /api/v1/sessions, /api/v1/accounts
std::vector<net::Route> session_routes(const SalePtr& sale);
// /api/v1/events…
std::vector<net::Route> event_routes(const SalePtr& sale);
// /api/v1/orders…, /webhooks/{provider}
std::vector<net::Route> order_routes(const SalePtr& sale);
// /api/v1/tickets…, /api/v1/test-plays, /api/v1/test-reports
std::vector<net::Route> entitlement_routes(const SalePtr& sale);
// /api/v1/producer/…
std::vector<net::Route> producer_routes(const SalePtr& sale);
// /artwork/…, /api/v1/producer/events/{id}/artwork
std::vector<net::Route> artwork_routes(const SalePtr& sale);
// /api/v1/producer/events/{id}/destruction, /api/v1/records/key
std::vector<net::Route> destruction_routes(const SalePtr& sale);
// /test-payments/…: the provider's own pages
std::vector<net::Route> test_payment_routes(const SalePtr& sale);

// The body as a JSON object; answers 400 otherwise.
std::optional<boost::json::object> body_of(const net::Request& request, net::Exchange& exchange);
std::string text_of(const boost::json::object& object, std::string_view name);
std::optional<std::int64_t> number_of(const boost::json::object& object, std::string_view name);

net::Response problem(int status, std::string_view name, std::string_view sentence);
net::Response problem(ticketing::Fault fault);
net::Response json_answer(const boost::json::value& body, int status = 200);

// The account's id of a principal; NotFound for one that is not an account's (a machine's token).
ticketing::Outcome<std::string> account_of(ticketing::Work& work, const std::string& subject);

}  // namespace butai::api
