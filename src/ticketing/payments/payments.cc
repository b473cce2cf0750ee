#include "ticketing/payments/payments.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "ticketing/entitlements/entitlements.h"
#include "ticketing/letters.h"
#include "ticketing/limits.h"
#include "ticketing/payments/calls.h"
#include "ticketing/payments/facts.h"
#include "ticketing/payments/store_deadline.h"

namespace butai::ticketing {
namespace {

constexpr std::int64_t kNever = std::int64_t{1} << 62;  // in payment.ask_at
constexpr std::string_view kColumns =
    "id, order_id, method, amount, currency, captured, refunded, dispute, gone, cancelled, url,"
    " number, store_deadline, created_at, COALESCE(reference, ''), COALESCE(secret, ''),"
    " refund_failed, refunded_again";

Payment payment_of_row(const store::Row& row) {
  Payment payment;
  payment.id = row.text(0);
  payment.order = row.text(1);
  payment.method = row.text(2);
  payment.amount = {row.number(3), row.text(4)};
  payment.captured = row.number(5);
  payment.refunded = row.number(6);
  payment.dispute = static_cast<Dispute>(row.number(7));
  payment.gone = row.yes(8);
  payment.cancelled = row.yes(9);
  payment.url = row.text(10);
  payment.number = row.text(11);
  if (!row.null(12)) payment.store_deadline = utc_of(row.number(12));
  payment.created = utc_of(row.number(13));
  payment.reference = row.text(14);
  payment.secret = row.text(15);
  payment.refund_failed = row.number(16);
  payment.refunded += row.number(17);
  return payment;
}

std::optional<Payment> payment_where(Work& work, std::string_view column, std::string_view value) {
  const auto row =
      work.sql.row(fmt::format("SELECT {} FROM payment WHERE {} = ?", kColumns, column), {value});
  if (!row) return std::nullopt;
  return payment_of_row(*row);
}

bool offers(Work& work, const Order& order, std::string_view method) {
  if (order.total.minor == 0) return method == "free";
  const auto type =
      work.sql.row("SELECT payments FROM ticket_type WHERE id = ?", {order.ticket_type});
  const std::string offered = type ? " " + type->text(0) + " " : "";
  const bool till = order.total.currency == "JPY" && order.total.minor <= kStorePriceMax;
  if (method == "konbini" && !till) return false;
  return method != "free" && offered.contains(fmt::format(" {} ", method));
}

// Nothing: it is too late for a store.
std::optional<Utc> pay_until(Work& work, const Order& order, std::string_view method) {
  if (method != "konbini") return work.now + kCardTime;
  const auto row = work.sql.row(
      "SELECT e.zone, t.sale_until, p.doors_at FROM ticket_type t JOIN event e ON e.id = t.event"
      " JOIN ticket_type_performance l ON l.ticket_type = t.id"
      " JOIN performance p ON p.id = l.performance WHERE t.id = ? ORDER BY p.doors_at LIMIT 1",
      {order.ticket_type});
  if (!row) return std::nullopt;
  return store_deadline(row->text(0), utc_of(row->number(1)), utc_of(row->number(2)), work.now);
}

Payment insert_payment(Work& work, const Order& order, std::string_view method) {
  Payment payment;
  payment.id = work.new_id("py_");
  payment.order = order.id;
  payment.method = method;
  payment.amount = order.total;
  payment.created = work.now;
  work.sql.run(
      "INSERT INTO payment (id, order_id, method, amount, currency, created_at, ask_at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      {payment.id, payment.order, payment.method, payment.amount.minor, payment.amount.currency,
       work.micros(), micros_of(work.now + kAskEvery)});
  return payment;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Taken:
      return "taken";
    case Verdict::Again:
      return "again";
    case Verdict::UnknownPayment:
      return "unknown payment";
    case Verdict::WrongAmount:
      return "wrong amount";
    case Verdict::WrongMode:
      return "wrong mode";
    case Verdict::WrongOrder:
      return "wrong order";
    case Verdict::WrongAccount:
      return "wrong account";
  }
  return "";
}

std::optional<Payment> payment_of(Work& work, std::string_view order) {
  return payment_where(work, "order_id", order);
}

Outcome<Confirmed> confirm(Work& work, std::string_view account, std::string_view order_id,
                           std::string_view method) {
  work.next_change();
  auto order = order_of(work, account, order_id);
  if (!order) return std::unexpected(order.error());
  if (const auto before = payment_of(work, order->id)) {
    if (before->method != method) return std::unexpected(Fault::NotPossible);
    return Confirmed{std::move(*order), std::nullopt};
  }
  if (!offers(work, *order, method)) return std::unexpected(Fault::BadRequest);
  if (method == "free" && order->state == OrderState::Fulfilled) {
    return Confirmed{std::move(*order), std::nullopt};
  }
  if (order->state == OrderState::Held && order->hold_until <= work.now) {
    move(work, *order, Trigger::HoldOver);
  }
  if (method == "free") {
    if (!move(work, *order, Trigger::ConfirmFree)) return std::unexpected(Fault::NotPossible);
    if (!move(work, *order, Trigger::Grant)) return std::unexpected(Fault::Broken);
    grant(work, *order);
    tell(work, mail::Kind::Confirmed, *order);
    return Confirmed{std::move(*order), std::nullopt};
  }
  const auto until = pay_until(work, *order, method);
  if (!until) return std::unexpected(Fault::NotPossible);
  order->pay_until = *until;
  if (!move(work, *order, Trigger::Confirm)) return std::unexpected(Fault::NotPossible);
  const Payment payment = insert_payment(work, *order, method);
  tell(work, mail::Kind::Held, *order);
  auto call = write_call(work, Call::Kind::Create, payment, order->pay_until);
  return Confirmed{std::move(*order), std::move(call)};
}

Outcome<Confirmed> cancel(Work& work, std::string_view account, std::string_view order_id) {
  work.next_change();
  auto order = order_of(work, account, order_id);
  if (!order) return std::unexpected(order.error());
  if (order->state == OrderState::Cancelled) return Confirmed{std::move(*order), std::nullopt};
  const auto payment = payment_of(work, order->id);
  if (!payment) {
    if (!move(work, *order, Trigger::Cancel)) return std::unexpected(Fault::NotPossible);
    return Confirmed{std::move(*order), std::nullopt};
  }
  if (order->state != OrderState::PendingPayment) return std::unexpected(Fault::NotPossible);
  work.sql.run("UPDATE payment SET cancelled = 1 WHERE id = ?", {payment->id});
  auto call = write_call(work, Call::Kind::Cancel, *payment);
  return Confirmed{std::move(*order), std::move(call)};
}

Outcome<Confirmed> refund(Work& work, std::string_view order_id) {
  work.next_change();
  auto order = find_order(work, order_id);
  if (!order) return std::unexpected(Fault::NotFound);
  const auto payment = payment_of(work, order->id);
  if (!payment) {  // it was free
    if (order->state != OrderState::Refunded && !move(work, *order, Trigger::Returned)) {
      return std::unexpected(Fault::NotPossible);
    }
    revoke(work, *order);
    tell(work, mail::Kind::Refunded, *order);
    return Confirmed{std::move(*order), std::nullopt};
  }
  if (!after(order->state, Trigger::Returned) && order->state != OrderState::Refunded) {
    return std::unexpected(Fault::NotPossible);
  }
  return Confirmed{std::move(*order), want_refund(work, *payment)};
}

namespace {

// It will never be paid.
PaymentFacts gone(const Payment& payment) {
  PaymentFacts facts{.payment = payment.id, .amount = payment.amount};
  facts.gone = true;
  return facts;
}

void never_ask(Work& work, const Payment& payment) {
  work.sql.run("UPDATE payment SET ask_at = ? WHERE id = ?", {kNever, payment.id});
}

Call question_about(const Payment& payment) {
  return {.kind = Call::Kind::Ask,
          .key = {},
          .payment = payment.id,
          .order = payment.order,
          .method = payment.method,
          .amount = payment.amount,
          .pay_until = {},
          .reference = payment.reference};
}

// The payment that an event tells of; what it leaves out is filled in from what we sold.
std::optional<Payment> payment_told_of(Work& work, PaymentFacts& facts) {
  if (facts.whole) return payment_where(work, "id", facts.payment);
  auto payment = payment_where(work, "reference", facts.reference);
  if (!payment || facts.amount.currency != payment->amount.currency ||
      facts.amount.minor > payment->amount.minor) {
    return payment;
  }
  facts.amount = payment->amount;
  facts.captured = payment->amount.minor;  // what is disputed or went back was paid
  return payment;
}

}  // namespace

void settle(Work& work, const Call& call, const Answer& answer, bool live) {
  work.next_change();
  auto payment = payment_where(work, "id", call.payment);
  if (!payment) return;
  if (!answer && answer.error() == CallFault::Unknown) {
    if (call.kind == Call::Kind::Create && call.pay_until + kGiveUpCreating < work.now) {
      call_is_done(work, call);
      return apply(work, *payment, gone(*payment));
    }
    if (call.kind != Call::Kind::Ask) call_again(work, call);
    work.sql.run("UPDATE payment SET ask_at = ? WHERE id = ? AND ask_at <= ?",
                 {micros_of(work.now + kAskEvery), payment->id, work.micros()});
    return;
  }
  if (call.kind != Call::Kind::Ask) call_is_done(work, call);
  if (answer) {
    const Verdict verdict = compare(*payment, *answer, live);
    if (verdict == Verdict::Taken) return apply(work, *payment, *answer);
    log::error("a provider's answer does not fit our payment",
               {{"payment", payment->id}, {"why", name_of(verdict)}});
    return;
  }
  if (call.kind == Call::Kind::Create) return apply(work, *payment, gone(*payment));
  if (call.kind == Call::Kind::Ask) never_ask(work, *payment);  // other books than it was made in
  log::error("a provider refused a call", {{"payment", payment->id}, {"call", name_of(call.kind)}});
}

Verdict learn(Work& work, const WebhookEvent& event, bool live) {
  work.next_change();
  PaymentFacts facts = event.facts;
  auto payment = payment_told_of(work, facts);
  const auto written = work.sql.run(
      "INSERT INTO webhook_event (id, payment, received_at, verdict) VALUES (?, ?, ?, '')"
      " ON CONFLICT (id) DO NOTHING",
      {event.id, payment ? payment->id : facts.payment, work.micros()});
  if (written == 0) return Verdict::Again;
  Verdict verdict = Verdict::UnknownPayment;
  if (payment) verdict = compare(*payment, facts, live);
  work.sql.run("UPDATE webhook_event SET verdict = ? WHERE id = ?", {name_of(verdict), event.id});
  if (verdict == Verdict::Taken) {
    apply(work, *payment, facts);
  } else {
    log::warning("a webhook does not fit what we sold",
                 {{"event", event.id}, {"why", name_of(verdict)}});
  }
  return verdict;
}

Outcome<Confirmed> look(Work& work, std::string_view account, std::string_view order_id) {
  auto order = order_of(work, account, order_id);
  if (!order) return std::unexpected(order.error());
  const auto payment = payment_of(work, order->id);
  if (!payment || settled(order->state)) return Confirmed{std::move(*order), std::nullopt};
  return Confirmed{std::move(*order), question_about(*payment)};
}

std::vector<Call> due(Work& work) {
  // 1. payments whose time is over: the provider ends them, and says so
  for (const store::Row& row : work.sql.rows(
           "SELECT p.id FROM payment p JOIN orders o ON o.id = p.order_id"
           " WHERE o.state = 'pending_payment' AND o.pay_until <= ? AND NOT EXISTS"
           " (SELECT 1 FROM provider_call c WHERE c.payment = p.id AND c.kind = 'cancel') LIMIT ?",
           {work.micros(), kCallsAtOnce})) {
    if (const auto payment = payment_where(work, "id", row.text(0))) {
      write_call(work, Call::Kind::Cancel, *payment);
    }
  }
  // 2. calls that nobody answered
  std::vector<Call> calls = calls_due(work);
  // 3. payments that are not settled, whatever webhooks said
  for (const store::Row& row :
       work.sql.rows("SELECT id FROM payment WHERE ask_at <= ? ORDER BY ask_at LIMIT ?",
                     {work.micros(), kCallsAtOnce})) {
    if (const auto payment = payment_where(work, "id", row.text(0))) {
      calls.push_back(question_about(*payment));
    }
    work.sql.run("UPDATE payment SET ask_at = ? WHERE id = ?",
                 {micros_of(work.now + kAskEvery), row.text(0)});
  }
  return calls;
}

}  // namespace butai::ticketing
