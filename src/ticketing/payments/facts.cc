#include "ticketing/payments/facts.h"

#include <algorithm>
#include <span>

#include "base/log.h"
#include "ticketing/entitlements/entitlements.h"
#include "ticketing/hooks/hooks.h"
#include "ticketing/letters.h"
#include "ticketing/limits.h"
#include "ticketing/orders/ledger.h"
#include "ticketing/payments/calls.h"

namespace butai::ticketing {
namespace {

// What the ledger has to say of the difference between two states of knowledge.
void post_difference(Work& work, const Order& order, const Payment& before, const Payment& now) {
  if (before.captured == 0 && now.captured > 0) post_capture(work, order);
  if (now.refunded > before.refunded) {
    // Of the sale goes back what came; what is sent beyond that was owed, for a refund failed before.
    const std::int64_t of_sale = std::min(now.refunded, now.captured);
    const std::int64_t until_now = std::min(before.refunded, now.captured);
    if (of_sale > until_now) post_refund(work, order, of_sale - until_now, of_sale);
    const std::int64_t again = (now.refunded - of_sale) - (before.refunded - until_now);
    if (again > 0) post_refund_again(work, order, again, now.refunded);
  }
  const bool disputed = now.dispute != Dispute::None;
  if (disputed && before.dispute == Dispute::None) post_dispute(work, order, now.captured);
  if (now.dispute == Dispute::Won && before.dispute != Dispute::Won) {
    post_dispute_won(work, order, now.captured);
  }
}

std::int64_t sum_of(std::span<const RefundFailure> failures) {
  std::int64_t sum = 0;
  for (const RefundFailure& one : failures) sum += one.amount;
  return sum;
}

// Those that are new are written down, posted as owed to the buyer, and told to the producer. The tickets
// stay gone: the buyer wanted the money, and the seat may be somebody else's by now.
std::int64_t learn_failures(Work& work, const Order& order, const Payment& payment,
                            std::span<const RefundFailure> failures) {
  std::int64_t added = 0;
  for (const RefundFailure& one : failures) {
    const auto written = work.sql.run(
        "INSERT INTO refund_failure (id, payment, amount, known_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        {one.id, payment.id, one.amount, work.micros()});
    if (written == 0) continue;
    added += one.amount;
    post_refund_failed(work, order, one.amount, one.id);
    announce(work, "order.refund_failed",
             {{"order", order.id},
              {"account", order.account},
              {"event", order.event},
              {"refund", one.id},
              {"amount", one.amount},
              {"currency", order.total.currency}});
    log::error("a refund did not arrive: the money is with us again, and owed to the buyer",
               {{"order", order.id}, {"refund", one.id}});
  }
  return added;
}

void keep(Work& work, const Payment& payment, bool order_settled) {
  // Money that came may still go, and what was sent back may fail: a settled payment is asked about now and
  // then, one that was never paid no more.
  constexpr std::int64_t kNever = std::int64_t{1} << 62;
  const Utc ask = work.now + (order_settled ? kAskSettledEvery : kAskEvery);
  const bool over =
      order_settled && (payment.captured == 0 || work.now - payment.created > kAskSettledFor);
  const std::int64_t of_sale = std::min(payment.refunded, payment.captured);
  work.sql.run(
      "UPDATE payment SET captured = ?, refunded = ?, refunded_again = ?, refund_failed = ?,"
      " dispute = ?, gone = ?, url = ?, number = ?, store_deadline = ?, reference = ?, secret = ?,"
      " ask_at = ? WHERE id = ?",
      {payment.captured, of_sale, payment.refunded - of_sale, payment.refund_failed,
       static_cast<int>(payment.dispute), payment.gone, payment.url, payment.number,
       payment.store_deadline ? store::Value(micros_of(*payment.store_deadline))
                              : store::Value(std::nullopt),
       payment.reference, order_settled ? std::string() : payment.secret,
       over ? kNever : micros_of(ask), payment.id});
}

Payment joined(const Payment& payment, const PaymentFacts& facts) {
  Payment next = payment;
  next.captured = std::max(payment.captured, facts.captured);
  next.refunded = std::max(payment.refunded, facts.refunded);
  next.dispute = std::max(payment.dispute, facts.dispute);
  next.gone = payment.gone || facts.gone;
  if (!facts.url.empty()) next.url = facts.url;
  if (!facts.number.empty()) next.number = facts.number;
  if (facts.store_deadline) next.store_deadline = facts.store_deadline;
  if (!facts.reference.empty()) next.reference = facts.reference;
  if (!facts.secret.empty()) next.secret = facts.secret;
  return next;
}

// Every step that what is known allows, in the order of an order's life.
void step(Work& work, Order& order, const Payment& payment) {
  if (payment.captured > 0) {
    const bool late = order.state != OrderState::PendingPayment;
    move(work, order, Trigger::Captured);
    if (order.state == OrderState::Paid) {
      if (move(work, order, Trigger::Grant)) {
        grant(work, order);
        tell(work, late ? mail::Kind::LateSeat : mail::Kind::Paid, order);
      } else {
        want_refund(work, payment);  // it was too late, and there is no seat any more
        tell(work, mail::Kind::LateRefund, order);
      }
    }
  }
  const bool disputed = payment.dispute == Dispute::Open || payment.dispute == Dispute::Lost;
  if (disputed && move(work, order, Trigger::DisputeOpened)) revoke(work, order);
  if (payment.dispute == Dispute::Won && move(work, order, Trigger::DisputeWon)) {
    restore(work, order);
  }
  if (payment.captured > 0 && payment.refunded >= payment.captured &&
      move(work, order, Trigger::Returned)) {
    revoke(work, order);
    tell(work, mail::Kind::Refunded, order);
  }
  if (payment.gone && payment.captured == 0) {
    move(work, order, payment.cancelled ? Trigger::Cancel : Trigger::PaymentGone);
  }
}

}  // namespace

Verdict compare(const Payment& payment, const PaymentFacts& facts, bool live) {
  if (facts.live != live) return Verdict::WrongMode;
  if (!facts.account.empty()) return Verdict::WrongAccount;
  const auto other = [](const std::string& said, const std::string& known) {
    return !said.empty() && !known.empty() && said != known;
  };
  if (other(facts.order, payment.order) || other(facts.reference, payment.reference)) {
    return Verdict::WrongOrder;
  }
  const bool whole = facts.captured == 0 || facts.captured == payment.amount.minor;
  const bool failures = std::ranges::all_of(facts.refund_failures, [&payment](const auto& one) {
    return one.amount > 0 && one.amount <= payment.amount.minor;
  });
  if (facts.amount != payment.amount || !whole || !failures || facts.refunded < 0 ||
      facts.refunded - sum_of(facts.refund_failures) > facts.captured) {
    return Verdict::WrongAmount;
  }
  return Verdict::Taken;
}

void apply(Work& work, Payment& payment, const PaymentFacts& facts) {
  auto order = find_order(work, payment.order);
  if (!order) return;
  Payment next = joined(payment, facts);
  next.refund_failed += learn_failures(work, *order, payment, facts.refund_failures);
  next.refunded = std::max(next.refunded, next.refund_failed);  // what failed was sent
  if (payment.reference.empty() && !next.reference.empty()) creation_is_done(work, payment);
  post_difference(work, *order, payment, next);
  if (payment.number.empty() && !next.number.empty()) {
    tell(work, mail::Kind::StoreNumber, *order, {{"number", next.number}});
  }
  step(work, *order, next);
  keep(work, next, settled(order->state));
  payment = next;
}

}  // namespace butai::ticketing
