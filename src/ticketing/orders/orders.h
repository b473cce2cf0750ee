// Orders: a seat held for some minutes, then paid or given back. Who takes a seat and who leaves one is
// here and nowhere else: move() keeps ticket_type.taken, invitation_code.used and the state in step.
//   hold() ─▶ payments/confirm.h ─▶ payments/facts.h ─▶ move(Captured), move(Grant)
//   end_holds() by the clock, cancel_held() by the buyer
// Thread: the database's, inside one transaction. Callers ask Work::next_change() first.
// Limits: kHoldTime, kQuantityMax; capacity, per-account limit and code of the ticket type.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/money.h"
#include "ticketing/fault.h"
#include "ticketing/orders/order_state.h"
#include "ticketing/work.h"

namespace butai::ticketing {

struct Order {
  std::string id;
  std::string account;
  std::string ticket_type;
  std::string event;
  std::int64_t quantity = 0;
  Money total;  // tax included
  std::int64_t tax = 0;
  std::int64_t tax_rate = 10;  // percent, when it was ordered
  OrderState state = OrderState::Held;
  std::string code_hash;  // empty: without an invitation
  Utc hold_until;
  Utc pay_until;
  Utc created;
};

struct HoldRequest {
  std::string account;
  std::string ticket_type;
  std::int64_t quantity = 1;
  std::string code;
};

Outcome<Order> hold(Work& work, const HoldRequest& request);
std::optional<Order> find_order(Work& work, std::string_view id);
// NotFound for somebody else's as well.
Outcome<Order> order_of(Work& work, std::string_view account, std::string_view id);
std::vector<Order> orders_of(Work& work, std::string_view account);
// Orders of an event, newest first, and where the next page begins: empty after the last one.
struct OrdersPage {
  std::vector<Order> orders;
  std::string next;
};
// `after` is empty or a `next` of before, BadRequest otherwise. What is ordered meanwhile shifts nothing.
Outcome<OrdersPage> orders_of_event(Work& work, std::string_view event, std::string_view after);

// One step of the table. False: that does not happen in this state, or there is no seat to take.
bool move(Work& work, Order& order, Trigger trigger);

// Gives back the seats of holds whose time is over; how many there were.
std::size_t end_holds(Work& work);

// Whether ticket_type.taken is what orders took, and within the capacity, everywhere.
bool seats_agree(Work& work);

// What is kept of an invitation code.
std::string hash_of_code(std::string_view ticket_type, std::string_view code);

}  // namespace butai::ticketing
