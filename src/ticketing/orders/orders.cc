#include "ticketing/orders/orders.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "access/mac.h"
#include "ticketing/hash.h"
#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

constexpr std::string_view kColumns =
    "id, account, ticket_type, event, quantity, total, tax, currency, state, code_hash, hold_until,"
    " pay_until, created_at, tax_rate";

Order order_of_row(const store::Row& row) {
  Order order;
  order.id = row.text(0);
  order.account = row.text(1);
  order.ticket_type = row.text(2);
  order.event = row.text(3);
  order.quantity = row.number(4);
  order.total = {row.number(5), row.text(7)};
  order.tax = row.number(6);
  order.state = order_state_of(row.text(8)).value_or(OrderState::Expired);
  order.code_hash = row.text(9);
  order.hold_until = utc_of(row.number(10));
  order.pay_until = utc_of(row.number(11));
  order.created = utc_of(row.number(12));
  order.tax_rate = row.number(13);
  return order;
}

std::vector<Order> orders_where(Work& work, std::string_view condition,
                                const store::Sql::Values& values) {
  std::vector<Order> found;
  for (const store::Row& row :
       work.sql.rows(fmt::format("SELECT {} FROM orders WHERE {}", kColumns, condition), values)) {
    found.push_back(order_of_row(row));
  }
  return found;
}

// The last order that was shown. Two are made in one microsecond, so its id belongs to it.
struct Place {
  std::int64_t created = std::numeric_limits<std::int64_t>::max();
  std::string id;
};

std::string cursor_of(const Order& order) {
  return access::base64url(as_bytes(fmt::format("{} {}", micros_of(order.created), order.id)));
}

std::optional<Place> place_of(std::string_view cursor) {
  if (cursor.empty()) return Place{};
  const auto bytes = access::from_base64url(cursor);
  if (!bytes) return std::nullopt;
  const std::string text(bytes->begin(), bytes->end());
  Place place;
  const char* const end = text.data() + text.size();
  const auto [space, error] = std::from_chars(text.data(), end, place.created);
  if (error != std::errc{} || space == end || *space != ' ') return std::nullopt;
  place.id.assign(space + 1, end);
  return place;
}

// What the account may have of this kind beside what it has, this order not counted.
std::int64_t left_for_account(Work& work, const Order& order) {
  return work.sql.number(
      "SELECT t.per_account - COALESCE((SELECT SUM(o.quantity) FROM orders o"
      " WHERE o.account = ? AND o.ticket_type = t.id AND o.id <> ?"
      " AND o.state IN ('held', 'pending_payment', 'fulfilled', 'disputed')), 0)"
      " FROM ticket_type t WHERE t.id = ?",
      {order.account, order.id, order.ticket_type});
}

Outcome<void> take_seats(Work& work, const Order& order) {
  if (left_for_account(work, order) < order.quantity) {
    return std::unexpected(Fault::LimitPerAccount);
  }
  if (!order.code_hash.empty() &&
      work.sql.run("UPDATE invitation_code SET used = used + 1"
                   " WHERE ticket_type = ? AND hash = ? AND used < uses_max",
                   {order.ticket_type, order.code_hash}) == 0) {
    return std::unexpected(Fault::WrongCode);
  }
  const auto taken = work.sql.run(
      "UPDATE ticket_type SET taken = taken + ? WHERE id = ? AND taken + ? <= capacity",
      {order.quantity, order.ticket_type, order.quantity});
  if (taken == 1) return {};
  if (!order.code_hash.empty()) {
    work.sql.run("UPDATE invitation_code SET used = used - 1 WHERE ticket_type = ? AND hash = ?",
                 {order.ticket_type, order.code_hash});
  }
  return std::unexpected(Fault::SoldOut);
}

void leave_seats(Work& work, const Order& order) {
  work.sql.run("UPDATE ticket_type SET taken = taken - ? WHERE id = ?",
               {order.quantity, order.ticket_type});
  if (order.code_hash.empty()) return;
  work.sql.run("UPDATE invitation_code SET used = used - 1 WHERE ticket_type = ? AND hash = ?",
               {order.ticket_type, order.code_hash});
}

void insert(Work& work, const Order& order) {
  work.sql.run(
      "INSERT INTO orders (id, account, ticket_type, event, quantity, total, tax, currency, state,"
      " code_hash, hold_until, pay_until, created_at, changed_at, tax_rate)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {order.id, order.account, order.ticket_type, order.event, order.quantity, order.total.minor,
       order.tax, order.total.currency, name_of(order.state),
       order.code_hash.empty() ? store::Value(std::nullopt) : store::Value(order.code_hash),
       micros_of(order.hold_until), micros_of(order.pay_until), micros_of(order.created),
       work.micros(), order.tax_rate});
}

}  // namespace

std::string hash_of_code(std::string_view ticket_type, std::string_view code) {
  return hex_sha256(fmt::format("invitation {} {}", ticket_type, code));
}

Outcome<Order> hold(Work& work, const HoldRequest& request) {
  if (request.quantity < 1 || request.quantity > kQuantityMax) {
    return std::unexpected(Fault::BadRequest);
  }
  work.next_change();
  const auto type = work.sql.row(
      "SELECT t.event, t.price, t.currency, t.tax_rate, t.sale_from, t.sale_until, t.code_needed"
      " FROM ticket_type t JOIN event e ON e.id = t.event WHERE t.id = ? AND e.state = 'on_sale'",
      {request.ticket_type});
  if (!type) return std::unexpected(Fault::SaleClosed);
  if (work.micros() < type->number(4) || work.micros() >= type->number(5)) {
    return std::unexpected(Fault::SaleClosed);
  }
  Order order;
  order.id = work.new_id("or_");
  order.account = request.account;
  order.ticket_type = request.ticket_type;
  order.event = type->text(0);
  order.quantity = request.quantity;
  order.total = {type->number(1) * request.quantity, type->text(2)};
  order.tax_rate = type->number(3);
  order.tax = tax_within(order.total.minor, order.tax_rate);
  if (type->yes(6)) order.code_hash = hash_of_code(request.ticket_type, request.code);
  order.hold_until = order.pay_until = work.now + kHoldTime;
  order.created = work.now;
  if (const auto taken = take_seats(work, order); !taken) return std::unexpected(taken.error());
  insert(work, order);
  return order;
}

std::optional<Order> find_order(Work& work, std::string_view id) {
  auto found = orders_where(work, "id = ?", {id});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Outcome<Order> order_of(Work& work, std::string_view account, std::string_view id) {
  auto found = orders_where(work, "id = ? AND account = ?", {id, account});
  if (found.empty()) return std::unexpected(Fault::NotFound);
  return std::move(found.front());
}

std::vector<Order> orders_of(Work& work, std::string_view account) {
  return orders_where(work, "account = ? ORDER BY created_at DESC, id DESC LIMIT ?",
                      {account, kOrdersListed});
}

Outcome<OrdersPage> orders_of_event(Work& work, std::string_view event, std::string_view after) {
  const auto place = place_of(after);
  if (!place) return std::unexpected(Fault::BadRequest);
  OrdersPage page;
  page.orders = orders_where(
      work, "event = ? AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?",
      {event, place->created, place->id, kOrdersListed + 1});  // one more: whether there is more
  if (std::ssize(page.orders) > kOrdersListed) {
    page.orders.pop_back();
    page.next = cursor_of(page.orders.back());
  }
  return page;
}

bool move(Work& work, Order& order, Trigger trigger) {
  const auto next = after(order.state, trigger);
  if (!next) return false;
  if (!occupies(order.state) && occupies(*next) && !take_seats(work, order)) return false;
  if (occupies(order.state) && !occupies(*next)) leave_seats(work, order);
  order.state = *next;
  work.sql.run(
      "UPDATE orders SET state = ?, hold_until = ?, pay_until = ?, changed_at = ?"
      " WHERE id = ?",
      {name_of(order.state), micros_of(order.hold_until), micros_of(order.pay_until), work.micros(),
       order.id});
  return true;
}

bool seats_agree(Work& work) {
  for (const store::Row& row : work.sql.rows("SELECT id, taken, capacity FROM ticket_type")) {
    const auto taken = work.sql.number(
        "SELECT COALESCE(SUM(quantity), 0) FROM orders WHERE ticket_type = ?"
        " AND state IN ('held', 'pending_payment', 'fulfilled', 'disputed')",
        {row.text(0)});
    if (taken != row.number(1) || taken > row.number(2)) return false;
  }
  return true;
}

std::size_t end_holds(Work& work) {
  const auto look = [&work] {
    return orders_where(work, "state = 'held' AND hold_until <= ? ORDER BY hold_until LIMIT ?",
                        {work.micros(), kHoldsEndedAtOnce});
  };
  auto over = look();
  if (over.empty()) return 0;
  work.next_change();
  over = look();  // another node may have been quicker
  for (Order& order : over) move(work, order, Trigger::HoldOver);
  return over.size();
}

}  // namespace butai::ticketing
