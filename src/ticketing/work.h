// What every piece of the sale's work in the database is given: SQL, the time, and randomness.
// Flow:   Cashier (production) or a test -> Work -> functions of orders/, payments/, catalog/
// Thread: the database's; a Work lives inside one transaction.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "store/sql.h"

namespace butai::ticketing {

struct Work {
  store::Sql& sql;
  Utc now;
  Random& random;

  std::string new_id(std::string_view prefix);  // "or_" and 22 characters that nobody guesses
  std::int64_t micros() const { return micros_of(now); }
  // The number of the change that this work makes. Asked for first: other sales, of any node, then
  // wait until this one is committed, so that what is read afterwards stays true.
  std::int64_t next_change();
};

}  // namespace butai::ticketing
