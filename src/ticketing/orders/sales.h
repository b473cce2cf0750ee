// What was sold of an event: as points in time, and as a table for a spreadsheet.
// Thread: the database's, inside one transaction.
// Limits: kSalesPointsMax points; all orders of the event in one text.
#pragma once

#include <string>
#include <vector>

#include "ticketing/work.h"

namespace butai::ticketing {

struct SalesPoint {
  Utc from;  // of `step` from here on
  std::int64_t orders = 0, tickets = 0, amount = 0;
};
struct Sales {
  Seconds step{3600};
  std::string currency;
  std::vector<SalesPoint> points;  // only those in which something was sold
};
// Paid orders that were not refunded, by when they were made; in hours, or days when that is too many.
Sales sales_of(Work& work, std::string_view event);

// Newest first. UTF-8 with a BOM, RFC 4180; a cell that a spreadsheet would take for a formula begins with '.
std::string orders_csv(Work& work, std::string_view event);
std::string csv_cell(std::string_view text);

}  // namespace butai::ticketing
