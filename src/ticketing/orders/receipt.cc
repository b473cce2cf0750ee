#include "ticketing/orders/receipt.h"

#include <fmt/format.h>

#include <algorithm>

#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

// The order, when it was paid and stayed so.
Outcome<Order> paid_order(Work& work, std::string_view account, std::string_view id) {
  auto order = order_of(work, account, id);
  if (!order) return order;
  if (order->state != OrderState::Fulfilled || order->total.minor == 0) {
    return std::unexpected(Fault::NotPossible);
  }
  return order;
}

bool is_addressee(std::string_view text) {
  const bool printable =
      std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return !text.empty() && text.size() <= kAddresseeBytesMax && printable;
}

}  // namespace

std::string Receipt::number() const {
  return issue == 1 ? order.id : fmt::format("{}-{}", order.id, issue);
}

Outcome<std::optional<Receipt>> newest_receipt(Work& work, std::string_view account,
                                               std::string_view id) {
  auto order = paid_order(work, account, id);
  if (!order) return std::unexpected(order.error());
  const auto row = work.sql.row(
      "SELECT issue, addressee, issued_at FROM receipt WHERE order_id = ? ORDER BY issue DESC"
      " LIMIT 1",
      {id});
  if (!row) return std::nullopt;
  return Receipt{std::move(*order), row->number(0), row->text(1), utc_of(row->number(2))};
}

Outcome<Receipt> issue_receipt(Work& work, std::string_view account, std::string_view id,
                               std::string_view addressee) {
  work.next_change();
  const auto before = newest_receipt(work, account, id);
  if (!before) return std::unexpected(before.error());
  if (!is_addressee(addressee)) return std::unexpected(Fault::BadRequest);
  auto order = order_of(work, account, id);
  if (!order) return std::unexpected(order.error());
  Receipt receipt{std::move(*order), *before ? (*before)->issue + 1 : 1, std::string(addressee),
                  work.now};
  if (receipt.issue > kReceiptsMax) return std::unexpected(Fault::NotPossible);
  work.sql.run("INSERT INTO receipt (order_id, issue, addressee, issued_at) VALUES (?, ?, ?, ?)",
               {receipt.order.id, receipt.issue, receipt.addressee, work.micros()});
  return receipt;
}

}  // namespace butai::ticketing
