#include "ticketing/orders/sales.h"

#include <fmt/format.h>

#include "ticketing/limits.h"
#include "ticketing/times.h"

namespace butai::ticketing {
namespace {

std::vector<SalesPoint> points_of(Work& work, std::string_view event, Seconds step) {
  const std::int64_t micros = Micros(step).count();
  std::vector<SalesPoint> points;
  const std::string text = fmt::format(
      "SELECT created_at / {0}, COUNT(*), SUM(quantity), SUM(total) FROM orders WHERE event = ?"
      " AND state IN ('fulfilled', 'disputed') GROUP BY created_at / {0}"
      " ORDER BY created_at / {0} LIMIT ?",
      micros);
  for (const store::Row& row : work.sql.rows(text, {event, kSalesPointsMax + 1})) {
    points.push_back({utc_of(row.number(0) * micros), row.number(1), row.number(2), row.number(3)});
  }
  return points;
}

}  // namespace

Sales sales_of(Work& work, std::string_view event) {
  Sales sales;
  const auto currency =
      work.sql.row("SELECT MIN(currency) FROM ticket_type WHERE event = ?", {event});
  if (currency && !currency->null(0)) sales.currency = currency->text(0);
  sales.points = points_of(work, event, sales.step);
  if (sales.points.size() <= static_cast<std::size_t>(kSalesPointsMax)) return sales;
  sales.step = std::chrono::days{1};
  sales.points = points_of(work, event, sales.step);
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
           " LEFT JOIN payment p ON p.order_id = o.id WHERE o.event = ? ORDER BY o.created_at, "
           "o.id",
           {event})) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\r\n", csv_cell(row.text(0)),
                        rfc3339(utc_of(row.number(1))), csv_cell(row.text(2)),
                        csv_cell(row.text(3)), row.number(4), row.number(5), row.number(6),
                        csv_cell(row.text(7)), csv_cell(row.text(8)), csv_cell(row.text(9)));
  }
  return text;
}

}  // namespace butai::ticketing
