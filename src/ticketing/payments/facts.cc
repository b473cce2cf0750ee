#include "ticketing/payments/facts.h"

#include <algorithm>

#include "base/log.h"
#include "ticketing/entitlements/entitlements.h"
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
    post_refund(work, order, now.refunded - before.refunded, now.refunded);
  }
  const bool disputed = now.dispute != Dispute::None;
  if (disputed && before.dispute == Dispute::None) post_dispute(work, order, now.captured);
  if (now.dispute == Dispute::Won && before.dispute != Dispute::Won) {
    post_dispute_won(work, order, now.captured);
  }
}

void keep(Work& work, const Payment& payment, bool order_settled) {
  // Money that came may still go: a settled payment is asked about now and then, one that is gone never.
  constexpr std::int64_t kNever = std::int64_t{1} << 62;
  const Utc ask = work.now + (order_settled ? kAskSettledEvery : kAskEvery);
  const bool over =
      order_settled && (payment.captured == 0 || payment.refunded == payment.captured ||
                        work.now - payment.created > kAskSettledFor);
  work.sql.run(
      "UPDATE payment SET captured = ?, refunded = ?, dispute = ?, gone = ?, url = ?, number = ?,"
      " store_deadline = ?, reference = ?, secret = ?, ask_at = ? WHERE id = ?",
      {payment.captured, payment.refunded, static_cast<int>(payment.dispute), payment.gone,
       payment.url, payment.number,
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
  if (payment.captured > 0 && payment.refunded == payment.captured &&
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
  if (facts.amount != payment.amount || !whole || facts.refunded < 0 ||
      facts.refunded > facts.captured) {
    return Verdict::WrongAmount;
  }
  return Verdict::Taken;
}

void apply(Work& work, Payment& payment, const PaymentFacts& facts) {
  auto order = find_order(work, payment.order);
  if (!order) return;
  const Payment next = joined(payment, facts);
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
