// The ledger: double-entry, only appended to (the database refuses the rest), each row chained to the
// one before by a hash.
//   capture   provider +total   sales −(total − tax)   tax −tax
//   refund    the same, backwards; the reference carries the sum refunded so far
//   returned  provider +part    owed −part             a refund that failed; the reference is its name
//   again     owed +part        provider −part         another refund for it
//   dispute   disputes +total   provider −total        backwards when it was won
// A reference stands once per order, so that nothing is written twice.
// Thread: the database's, inside one transaction; callers have asked Work::next_change() first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "ticketing/orders/orders.h"
#include "ticketing/work.h"

namespace butai::ticketing {

struct Posting {
  std::string_view account;  // provider, sales, tax, disputes, owed
  std::int64_t amount = 0;
};

void post_capture(Work& work, const Order& order);
// `part` of the total goes back, `so_far` with it and before it.
void post_refund(Work& work, const Order& order, std::int64_t part, std::int64_t so_far);
// `refund` of so much did not arrive, and another one was sent in its place: `so_far` of all together.
void post_refund_failed(Work& work, const Order& order, std::int64_t amount,
                        const std::string& refund);
void post_refund_again(Work& work, const Order& order, std::int64_t amount, std::int64_t so_far);
void post_dispute(Work& work, const Order& order, std::int64_t amount);
void post_dispute_won(Work& work, const Order& order, std::int64_t amount);

// Sums are zero and the chain is whole; else which row is not.
Expected<void> verify_ledger(store::Sql& sql);

}  // namespace butai::ticketing
