// An amount of money: whole units of the currency's smallest coin (yen; cents), never a fraction.
// Thread: plain values, any.
#pragma once

#include <cstdint>
#include <string>

namespace butai {

struct Money {
  std::int64_t minor = 0;
  std::string currency;  // ISO 4217, e.g. JPY
  friend bool operator==(const Money&, const Money&) = default;
};

// The tax contained in a price that includes it, rounded down as Japanese receipts do.
constexpr std::int64_t tax_within(std::int64_t minor, std::int64_t rate_percent) {
  return minor * rate_percent / (100 + rate_percent);
}

}  // namespace butai
