// What the routes of the sale need, and what they all do alike: a JSON body, a principal's account, an
// answer from an Outcome. No rules of the sale are here.
// Thread: handlers run on their connection's loop; answers come back to it.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/accounts.h"
#include "access/guard.h"
#include "access/oidc/sign_in.h"
#include "access/panic_switch.h"
#include "access/plays.h"
#include "access/record_key.h"
#include "access/recovery.h"
#include "access/second_factor.h"
#include "access/sessions.h"
#include "api/known_people.h"
#include "base/clock.h"
#include "licenses/routes.h"
#include "net/loop.h"
#include "net/route.h"
#include "ticketing/box_office.h"
#include "ticketing/payments/stripe.h"
#include "ticketing/payments/test_clock.h"
#include "ticketing/payments/test_provider.h"

namespace butai::api {

// All outlive the routes.
struct Sale {
  ticketing::BoxOffice& office;
  access::Accounts& accounts;
  access::Sessions& sessions;
  access::oidc::SignIns& sign_ins;
  access::Recovery& recovery;
  access::SecondFactors& factors;
  access::AccessGuard& guard;
  access::Plays& plays;
  access::PanicSwitch& panic;
  KnownPeople& known;
  const Clock& clock;  // the sale's
  const access::RecordKey& record_key;
  ticketing::TestClock* test_clock = nullptr;        // null: time is not moved here
  ticketing::TestProvider* test_provider = nullptr;  // null: another provider takes the money
  access::SecondFactor second_factor = access::SecondFactor::Required;
  bool test_operator = false;  // its operator's page and API, demo and tests only
  std::optional<ticketing::StripeSettings> stripe = {};
  // Why no event may go on sale, as a sentence; empty: it may.
  std::function<std::string()> why_nothing_is_sold = [] { return std::string(); };
  std::function<std::string()> registration_number = [] { return std::string(); };
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
std::string session_cookie(std::string_view token, bool secure);
// /auth/{provider}/…, /api/v1/sign-ins, /api/v1/account/sign-ins…
std::vector<net::Route> sign_in_routes(const SalePtr& sale);
// /api/v1/account, its second factor, letters that prove and reset
std::vector<net::Route> account_routes(const SalePtr& sale);
// /api/v1/events…
std::vector<net::Route> event_routes(const SalePtr& sale);
// /api/v1/orders…, /webhooks/{provider}
std::vector<net::Route> order_routes(const SalePtr& sale);
// /api/v1/orders/{id}/receipt
std::vector<net::Route> receipt_routes(const SalePtr& sale);
// /api/v1/tickets…, /api/v1/test-plays, /api/v1/test-reports
std::vector<net::Route> entitlement_routes(const SalePtr& sale);
// /api/v1/producer/…
std::vector<net::Route> producer_routes(const SalePtr& sale);
// /api/v1/legal
net::Route legal_route(std::function<boost::json::object()> tell);
// /api/v1/producer/events/{id}/sales, orders.csv
std::vector<net::Route> sales_routes(const SalePtr& sale);
// /api/v1/panic
std::vector<net::Route> panic_routes(const SalePtr& sale);
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

// The browser's session, whose write was admitted already; nothing for a bearer.
std::optional<access::Session> session_of(const SalePtr& sale, const net::Request& request);

net::Response problem(int status, std::string_view name, std::string_view sentence);
net::Response problem(ticketing::Fault fault);
net::Response json_answer(const boost::json::value& body, int status = 200);

// The account's id of a principal; NotFound for one that is not an account's (a machine's token).
ticketing::Outcome<std::string> account_of(ticketing::Work& work, const std::string& subject);

net::Response no_content();

}  // namespace butai::api
