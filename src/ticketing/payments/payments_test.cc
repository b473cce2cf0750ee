#include "ticketing/payments/payments.h"

#include <gtest/gtest.h>

#include "ticketing/limits.h"
#include "ticketing/orders/ledger.h"
#include "ticketing/payments/calls.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

class Payments : public testing::Shop {
 protected:
  void SetUp() override {
    Shop::SetUp();
    const auto order = hold_for("ann");
    const auto bought =
        work<Confirmed>([&](Work& w) { return confirm(w, "ann", order->id, "card"); });
    ASSERT_TRUE(bought && bought->call);
    id = order->id;
    create = *bought->call;
  }
  Payment payment() {
    return *work<Payment>([&](Work& w) -> Outcome<Payment> { return *payment_of(w, id); });
  }
  OrderState state() {
    return work<Order>([&](Work& w) { return order_of(w, "ann", id); })->state;
  }
  // What the provider says of it, with whatever is changed.
  PaymentFacts facts(std::int64_t captured = 0) {
    PaymentFacts told{.payment = payment().id, .amount = {1100, "JPY"}};
    told.captured = captured;
    told.order = id;
    told.reference = "pi_1";
    told.secret = "pi_1_secret";
    return told;
  }
  PaymentFacts dispute(Dispute what, std::int64_t amount = 1100) {
    PaymentFacts told{.amount = {amount, "JPY"}};
    told.whole = false;
    told.reference = "pi_1";
    told.dispute = what;
    return told;
  }
  Verdict hear(const PaymentFacts& told) {
    return *work<Verdict>([&](Work& w) -> Outcome<Verdict> {
      return learn(w, {"evt_" + std::to_string(++events), told}, false);
    });
  }
  void answered(const Call& call, Answer answer) {
    work<bool>([&](Work& w) -> Outcome<bool> { return settle(w, call, answer, false), true; });
  }
  std::vector<Call> calls() {
    return *work<std::vector<Call>>([](Work& w) -> Outcome<std::vector<Call>> { return due(w); });
  }

  std::string id;
  Call create;
  int events = 0;
};
BUTAI_EACH_STORE(Payments);

TEST_P(Payments, the_providers_name_is_kept_and_what_pays_it_while_it_is_open) {
  answered(create, facts());
  EXPECT_EQ(payment().reference, "pi_1");
  EXPECT_EQ(payment().secret, "pi_1_secret");
  EXPECT_EQ(hear(facts(1100)), Verdict::Taken);
  EXPECT_EQ(state(), OrderState::Fulfilled);
  EXPECT_EQ(payment().secret, "");
}

TEST_P(Payments, a_dispute_names_the_intent_alone_and_says_that_it_was_paid) {
  answered(create, facts());
  EXPECT_EQ(hear(dispute(Dispute::Open)), Verdict::Taken);
  EXPECT_EQ(state(), OrderState::Disputed);
  EXPECT_EQ(payment().captured, 1100);
  EXPECT_EQ(hear(facts(1100)), Verdict::Taken);  // the capture's event was late
  EXPECT_EQ(state(), OrderState::Disputed);
  EXPECT_EQ(hear(dispute(Dispute::Won)), Verdict::Taken);
  EXPECT_EQ(state(), OrderState::Fulfilled);
}

TEST_P(Payments, S16_what_is_not_ours_is_named_and_not_taken) {
  EXPECT_EQ(hear(dispute(Dispute::Open)), Verdict::UnknownPayment);  // pi_1 is not known yet
  answered(create, facts());
  const auto with = [&](auto change) {
    PaymentFacts told = facts(1100);
    change(told);
    return hear(told);
  };
  EXPECT_EQ(with([](auto& f) { f.amount.minor = 1; }), Verdict::WrongAmount);
  EXPECT_EQ(with([](auto& f) { f.amount.currency = "USD"; }), Verdict::WrongAmount);
  EXPECT_EQ(with([](auto& f) { f.captured = 1; }), Verdict::WrongAmount);
  EXPECT_EQ(with([](auto& f) { f.live = true; }), Verdict::WrongMode);
  EXPECT_EQ(with([](auto& f) { f.order = "or_other"; }), Verdict::WrongOrder);
  EXPECT_EQ(with([](auto& f) { f.reference = "pi_other"; }), Verdict::WrongOrder);
  EXPECT_EQ(with([](auto& f) { f.account = "acct_other"; }), Verdict::WrongAccount);
  EXPECT_EQ(hear(dispute(Dispute::Open, 9999)), Verdict::WrongAmount);
  EXPECT_EQ(state(), OrderState::PendingPayment);
  EXPECT_EQ(number("SELECT COUNT(*) FROM ledger"), 0);
}

TEST_P(Payments, a_refund_that_fails_weeks_later_is_owed_and_told_and_the_ticket_stays_gone) {
  answered(create, facts());
  hear(facts(1100));
  const auto refund_again = [&] {
    return work<Confirmed>([&](Work& w) { return refund(w, id); })->call;
  };
  const auto first = refund_again();
  ASSERT_TRUE(first);
  auto sent = facts(1100);
  sent.refunded = 1100;
  answered(*first, sent);
  ASSERT_EQ(state(), OrderState::Refunded);
  EXPECT_FALSE(refund_again());
  time.advance(std::chrono::days{40});

  PaymentFacts failed{.amount = {1100, "JPY"}};
  failed.whole = false;
  failed.reference = "pi_1";
  failed.refund_failures = {{"re_1", 1100}};
  EXPECT_EQ(hear(failed), Verdict::Taken);
  EXPECT_EQ(hear(failed), Verdict::Taken);  // refund.failed and charge.refund.updated say the same
  const auto owed = [&] {
    return number("SELECT COALESCE(SUM(-amount), 0) FROM ledger WHERE account = 'owed'");
  };
  const auto held = [&] {
    return number("SELECT SUM(amount) FROM ledger WHERE account = 'provider'");
  };
  EXPECT_EQ(state(), OrderState::Refunded);
  EXPECT_EQ(number("SELECT COUNT(*) FROM entitlement WHERE valid = 1"), 0);
  EXPECT_EQ(owed(), 1100);
  EXPECT_EQ(held(), 1100);
  EXPECT_EQ(number("SELECT COUNT(*) FROM hook_event WHERE body LIKE '%order.refund_failed%'"), 1);

  const auto second = refund_again();
  ASSERT_TRUE(second);
  EXPECT_NE(second->key, first->key);
  EXPECT_EQ(second->amount.minor, 1100);
  sent.refunded = 2200;  // all that was ever sent
  sent.refund_failures = {{"re_1", 1100}};
  answered(*second, sent);
  EXPECT_EQ(owed(), 0);
  EXPECT_EQ(held(), 0);
  EXPECT_FALSE(refund_again());
  EXPECT_TRUE(*work<bool>([](Work& w) -> Outcome<bool> { return !!verify_ledger(w.sql); }));
}

TEST_P(Payments, failures_of_refunds_that_cannot_be_are_not_taken) {
  answered(create, facts());
  hear(facts(1100));
  PaymentFacts failed{.amount = {9999, "JPY"}};
  failed.whole = false;
  failed.reference = "pi_1";
  failed.refund_failures = {{"re_1", 9999}};
  EXPECT_EQ(hear(failed), Verdict::WrongAmount);
  failed.amount.minor = 1100;
  EXPECT_EQ(hear(failed), Verdict::WrongAmount);
  failed.refund_failures = {{"re_1", 1100}};
  failed.reference = "pi_other";
  EXPECT_EQ(hear(failed), Verdict::UnknownPayment);
  EXPECT_EQ(state(), OrderState::Fulfilled);
}

TEST_P(Payments, heard_of_by_a_webhook_it_need_not_be_made_again) {
  answered(create, std::unexpected(CallFault::Unknown));
  EXPECT_EQ(hear(facts()), Verdict::Taken);
  time.advance(kCallAgainMost);
  for (const Call& call : calls()) EXPECT_NE(call.kind, Call::Kind::Create);
}

TEST_P(Payments, one_that_nobody_knows_to_have_been_made_is_given_up_after_its_time) {
  time.advance(kCardTime + kGiveUpCreating);
  answered(create, std::unexpected(CallFault::Unknown));
  EXPECT_EQ(state(), OrderState::PendingPayment);  // on the second it is still open
  time.advance(Seconds{1});
  answered(create, std::unexpected(CallFault::Unknown));
  EXPECT_EQ(state(), OrderState::Expired);
  time.advance(kCallAgainMost);
  for (const Call& call : calls()) EXPECT_NE(call.kind, Call::Kind::Create);
  EXPECT_EQ(hear(facts(1100)), Verdict::Taken);  // and if it was paid all the same
  EXPECT_EQ(state(), OrderState::Fulfilled);
}

TEST_P(Payments, other_books_are_asked_once) {
  answered(create, facts());
  time.advance(kAskEvery + Seconds{1});
  const auto asked = calls();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].reference, "pi_1");
  answered(asked[0], std::unexpected(CallFault::Refused));
  time.advance(std::chrono::hours{5});
  for (const Call& call : calls()) EXPECT_NE(call.kind, Call::Kind::Ask);
}

TEST_P(Payments, a_store_is_too_late_two_hours_before_the_doors) {
  const auto order = hold_for("bob");
  const auto bought =
      work<Confirmed>([&](Work& w) { return confirm(w, "bob", order->id, "konbini"); });
  EXPECT_EQ(bought.error(), Fault::NotPossible);
}

}  // namespace
}  // namespace butai::ticketing
