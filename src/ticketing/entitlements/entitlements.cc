#include "ticketing/entitlements/entitlements.h"

#include "ticketing/hooks/hooks.h"

namespace butai::ticketing {
namespace {

void set_valid(Work& work, const Order& order, bool valid) {
  work.sql.run("UPDATE entitlement SET valid = ?, change_number = ? WHERE order_id = ?",
               {valid, work.next_change(), order.id});
}

}  // namespace

void grant(Work& work, const Order& order) {
  const std::int64_t change = work.next_change();
  for (std::int64_t seat = 0; seat < order.quantity; ++seat) {
    work.sql.run(
        "INSERT INTO entitlement (id, order_id, seat, account, ticket_type, valid, granted_at,"
        " change_number) VALUES (?, ?, ?, ?, ?, 1, ?, ?)",
        {work.new_id("tk_"), order.id, seat, order.account, order.ticket_type, work.micros(),
         change});
  }
  announce(work, "order.paid",
           {{"order", order.id},
            {"account", order.account},
            {"event", order.event},
            {"ticket_type", order.ticket_type},
            {"quantity", order.quantity},
            {"total", order.total.minor},
            {"currency", order.total.currency}});
}

void revoke(Work& work, const Order& order) { set_valid(work, order, false); }

void restore(Work& work, const Order& order) { set_valid(work, order, true); }

std::vector<std::string> tickets_of(Work& work, std::string_view order) {
  std::vector<std::string> ids;
  for (const store::Row& row :
       work.sql.rows("SELECT id FROM entitlement WHERE order_id = ? ORDER BY seat", {order})) {
    ids.push_back(row.text(0));
  }
  return ids;
}

}  // namespace butai::ticketing
