#include "ticketing/payments/calls.h"

#include <fmt/format.h>

#include <algorithm>

#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

// After a refund that failed the next one is another call: the sum that failed only grows.
std::string key_of(Call::Kind kind, const Payment& payment) {
  const bool another = kind == Call::Kind::Refund && payment.refund_failed > 0;
  return fmt::format("{} {}{}", name_of(kind), payment.id,
                     another ? fmt::format(" {}", payment.refund_failed) : "");
}

Call::Kind kind_of(std::string_view name) {
  for (const auto kind : {Call::Kind::Create, Call::Kind::Cancel, Call::Kind::Refund}) {
    if (name_of(kind) == name) return kind;
  }
  return Call::Kind::Ask;
}

// A provider that does not know the payment yet would refuse to end it, and keep that answer for the key.
constexpr std::string_view kNotBeforeItIsThere =
    " AND (c.kind <> 'cancel' OR NOT EXISTS (SELECT 1 FROM provider_call d"
    " WHERE d.payment = c.payment AND d.kind = 'create' AND d.done = 0))";

std::int64_t after_tries(std::int64_t tries) {
  const std::int64_t seconds = kCallAgainFirst.count() << std::min<std::int64_t>(tries, 10);
  return micros_of(Utc{std::min(Seconds{seconds}, kCallAgainMost)});
}

}  // namespace

std::string_view name_of(Call::Kind kind) {
  switch (kind) {
    case Call::Kind::Create:
      return "create";
    case Call::Kind::Cancel:
      return "cancel";
    case Call::Kind::Refund:
      return "refund";
    case Call::Kind::Ask:
      break;
  }
  return "ask";
}

std::optional<Call> write_call(Work& work, Call::Kind kind, const Payment& payment, Utc pay_until) {
  Call call;
  call.kind = kind;
  call.key = key_of(kind, payment);
  call.payment = payment.id;
  call.order = payment.order;
  call.method = payment.method;
  call.amount = payment.amount;
  call.reference = payment.reference;
  call.pay_until = pay_until;
  if (kind == Call::Kind::Refund) call.amount.minor = refundable(payment);
  const auto written = work.sql.run(
      "INSERT INTO provider_call (call_key, kind, payment, amount, next_at) VALUES (?, ?, ?, ?, ?)"
      " ON CONFLICT (call_key) DO NOTHING",
      {call.key, name_of(kind), payment.id, call.amount.minor, work.micros() + after_tries(0)});
  if (written == 0) return std::nullopt;
  if (kind != Call::Kind::Cancel) return call;
  const bool now = work.sql.number(fmt::format("SELECT COUNT(*) FROM provider_call c"
                                               " WHERE c.call_key = ?{}",
                                               kNotBeforeItIsThere),
                                   {call.key}) > 0;
  return now ? std::optional(std::move(call)) : std::nullopt;
}

std::optional<Call> want_refund(Work& work, const Payment& payment) {
  if (refundable(payment) <= 0) return std::nullopt;
  return write_call(work, Call::Kind::Refund, payment);
}

void call_is_done(Work& work, const Call& call) {
  work.sql.run("UPDATE provider_call SET done = 1 WHERE call_key = ?", {call.key});
}

void creation_is_done(Work& work, const Payment& payment) {
  work.sql.run("UPDATE provider_call SET done = 1 WHERE payment = ? AND kind = 'create'",
               {payment.id});
}

void call_again(Work& work, const Call& call) {
  const auto tries =
      work.sql.number("SELECT tries FROM provider_call WHERE call_key = ?", {call.key}) + 1;
  work.sql.run("UPDATE provider_call SET tries = ?, next_at = ? WHERE call_key = ?",
               {tries, work.micros() + after_tries(tries), call.key});
}

std::vector<Call> calls_due(Work& work) {
  std::vector<Call> due;
  const std::string text = fmt::format(
      "SELECT c.call_key, c.kind, c.payment, p.order_id, p.method, c.amount, p.currency,"
      " o.pay_until, COALESCE(p.reference, '') FROM provider_call c JOIN payment p ON p.id = "
      "c.payment"
      " JOIN orders o ON o.id = p.order_id"
      " WHERE c.done = 0 AND c.next_at <= ?{} ORDER BY c.next_at LIMIT ?",
      kNotBeforeItIsThere);
  for (const store::Row& row : work.sql.rows(text, {work.micros(), kCallsAtOnce})) {
    due.push_back({.kind = kind_of(row.text(1)),
                   .key = row.text(0),
                   .payment = row.text(2),
                   .order = row.text(3),
                   .method = row.text(4),
                   .amount = {row.number(5), row.text(6)},
                   .pay_until = utc_of(row.number(7)),
                   .reference = row.text(8)});
  }
  return due;
}

}  // namespace butai::ticketing
