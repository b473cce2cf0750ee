// Receipts: what a buyer was given as proof of what he paid, each copy after the first marked as reissued.
// Thread: the database's, inside one transaction.
// Limits: kAddresseeBytesMax, kReceiptsMax of an order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ticketing/orders/orders.h"
#include "ticketing/work.h"

namespace butai::ticketing {

struct Receipt {
  Order order;
  std::int64_t issue = 0;  // 1: the first
  std::string addressee;
  Utc issued;
  std::string number() const;
};

// The newest one; nothing: none was made yet. NotPossible: nothing was paid, or it went back.
Outcome<std::optional<Receipt>> newest_receipt(Work& work, std::string_view account,
                                               std::string_view order);
Outcome<Receipt> issue_receipt(Work& work, std::string_view account, std::string_view order,
                               std::string_view addressee);

}  // namespace butai::ticketing
