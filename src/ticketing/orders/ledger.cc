#include "ticketing/orders/ledger.h"

#include <fmt/format.h>

#include "ticketing/hash.h"

namespace butai::ticketing {
namespace {

std::string chained(std::string_view before, std::int64_t number, std::string_view order,
                    std::string_view reference, std::string_view account, std::int64_t amount,
                    std::string_view currency, std::int64_t at) {
  return hex_sha256(fmt::format("{} {} {} {} {} {} {} {}", before, number, order, reference,
                                account, amount, currency, at));
}

void post(Work& work, const Order& order, const std::string& reference,
          const std::vector<Posting>& postings) {
  const auto last = work.sql.row("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1");
  std::int64_t number = last ? last->number(0) : 0;
  std::string hash = last ? last->text(1) : "";
  for (const Posting& one : postings) {
    if (one.amount == 0) continue;
    ++number;
    hash = chained(hash, number, order.id, reference, one.account, one.amount, order.total.currency,
                   work.micros());
    work.sql.run(
        "INSERT INTO ledger (number, order_id, reference, account, amount, currency, at, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {number, order.id, reference, one.account, one.amount, order.total.currency, work.micros(),
         hash});
  }
}

}  // namespace

void post_capture(Work& work, const Order& order) {
  post(work, order, "capture",
       {{"provider", order.total.minor},
        {"sales", order.tax - order.total.minor},
        {"tax", -order.tax}});
}

void post_refund(Work& work, const Order& order, std::int64_t part, std::int64_t so_far) {
  // The tax of what goes back, so that all parts together return exactly the tax that was taken.
  const auto tax_of = [&order](std::int64_t sum) {
    return order.total.minor == 0 ? 0 : order.tax * sum / order.total.minor;
  };
  const std::int64_t tax = tax_of(so_far) - tax_of(so_far - part);
  post(work, order, fmt::format("refund {}", so_far),
       {{"provider", -part}, {"sales", part - tax}, {"tax", tax}});
}

void post_refund_failed(Work& work, const Order& order, std::int64_t amount,
                        const std::string& refund) {
  post(work, order, "returned " + refund, {{"provider", amount}, {"owed", -amount}});
}

void post_refund_again(Work& work, const Order& order, std::int64_t amount, std::int64_t so_far) {
  post(work, order, fmt::format("again {}", so_far), {{"provider", -amount}, {"owed", amount}});
}

void post_dispute(Work& work, const Order& order, std::int64_t amount) {
  post(work, order, "dispute", {{"provider", -amount}, {"disputes", amount}});
}

void post_dispute_won(Work& work, const Order& order, std::int64_t amount) {
  post(work, order, "dispute won", {{"provider", amount}, {"disputes", -amount}});
}

Expected<void> verify_ledger(store::Sql& sql) {
  std::string hash;
  std::int64_t number = 0;
  std::int64_t sum = 0;
  for (const store::Row& row :
       sql.rows("SELECT number, order_id, reference, account, amount, currency, at, hash FROM"
                " ledger ORDER BY number")) {
    hash = chained(hash, ++number, row.text(1), row.text(2), row.text(3), row.number(4),
                   row.text(5), row.number(6));
    if (row.number(0) != number || row.text(7) != hash) {
      return problem(fmt::format("the ledger's chain is broken at row {}", row.number(0)));
    }
    sum += row.number(4);
  }
  if (sum != 0) return problem(fmt::format("the ledger's sum is {}, not 0", sum));
  return {};
}

}  // namespace butai::ticketing
