// The sale's values as JSON, and back where a producer writes them.
// Thread: any.
#pragma once

#include <boost/json.hpp>
#include <optional>

#include "ticketing/catalog/catalog.h"
#include "ticketing/orders/orders.h"
#include "ticketing/payments/payments.h"

namespace butai::api {

boost::json::object to_json(const ticketing::Text& text);
boost::json::object to_json(const Money& money);
boost::json::object to_json(const ticketing::Performance& performance, Utc now);
boost::json::object to_json(const ticketing::Event& event, Utc now);
// With what only the producer sees: capacities and what is taken.
boost::json::object to_producer_json(const ticketing::Event& event, Utc now);
// Nothing: something is missing or malformed.
std::optional<ticketing::Event> event_of(const boost::json::object& object);

struct OrderView {
  ticketing::Order order;
  std::optional<ticketing::Payment> payment;
  std::vector<std::string> tickets;
};
OrderView view_of(ticketing::Work& work, ticketing::Order order);
boost::json::object to_json(const OrderView& view, const ticketing::Catalog& catalog);

}  // namespace butai::api
