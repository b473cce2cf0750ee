#include "ticketing/orders/sales.h"

#include <fmt/format.h>

#include "ticketing/limits.h"
#include "ticketing/times.h"

namespace butai::ticketing {
namespace {

// Added up here: both stores then read columns of the types that were declared.
std::vector<SalesPoint> points_of(const std::vector<store::Row>& orders, Seconds step) {
  std::vector<SalesPoint> points;
  for (const store::Row& row : orders) {
    const Utc made = utc_of(row.number(0));
    const Utc from{made.time_since_epoch() - made.time_since_epoch() % Micros(step)};
    if (points.empty() || points.back().from != from) points.push_back({from, 0, 0, 0});
    points.back().orders += 1;
    points.back().tickets += row.number(1);
    points.back().amount += row.number(2);
  }
  return points;
}

}  // namespace

Sales sales_of(Work& work, std::string_view event) {
  const auto orders = work.sql.rows(
      "SELECT created_at, quantity, total, currency FROM orders WHERE event = ?"
      " AND state IN ('fulfilled', 'disputed') ORDER BY created_at",
      {event});
  Sales sales;
  if (!orders.empty()) sales.currency = orders.front().text(3);
  sales.points = points_of(orders, sales.step);
  if (sales.points.size() <= kSalesPointsMax) return sales;
  sales.step = std::chrono::days{1};
  sales.points = points_of(orders, sales.step);
  return sales;
}

std::string csv_cell(std::string_view text) {
  std::string cell;
  if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos)
    cell = "'";
  cell += text;
  if (cell.find_first_of("\",\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string orders_csv(Work& work, std::string_view event) {
  std::string text =
      "\xEF\xBB\xBForder,created,state,ticket,quantity,total,tax,currency,method,buyer\r\n";
  for (const store::Row& row : work.sql.rows(
           "SELECT o.id, o.created_at, o.state, t.title_ja, o.quantity, o.total, o.tax, o.currency,"
           " COALESCE(p.method, 'free'), COALESCE(a.email, a.name) FROM orders o"
           " JOIN ticket_type t ON t.id = o.ticket_type JOIN account a ON a.id = o.account"
           " LEFT JOIN payment p ON p.order_id = o.id WHERE o.event = ? ORDER BY o.created_at "
           "DESC, o.id DESC",
           {event})) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\r\n", csv_cell(row.text(0)),
                        rfc3339(utc_of(row.number(1))), csv_cell(row.text(2)),
                        csv_cell(row.text(3)), row.number(4), row.number(5), row.number(6),
                        csv_cell(row.text(7)), csv_cell(row.text(8)), csv_cell(row.text(9)));
  }
  return text;
}

}  // namespace butai::ticketing
