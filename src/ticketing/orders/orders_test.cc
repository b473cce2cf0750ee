#include "ticketing/orders/orders.h"

#include "ticketing/limits.h"
#include "ticketing/orders/ledger.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

class Orders : public testing::Shop {};
BUTAI_EACH_STORE(Orders);

TEST_P(Orders, seats_end_at_the_capacity_and_come_back_when_a_hold_is_over) {
  ASSERT_TRUE(hold_for("ann", 2));
  ASSERT_TRUE(hold_for("bob", 1));
  EXPECT_EQ(hold_for("cho").error(), Fault::SoldOut);
  time.advance(kHoldTime);
  const auto ended =
      work<std::size_t>([](Work& w) -> Outcome<std::size_t> { return end_holds(w); });
  EXPECT_EQ(ended.value(), 2u);
  EXPECT_TRUE(hold_for("cho", 2));
  EXPECT_TRUE(*work<bool>([](Work& w) -> Outcome<bool> { return seats_agree(w); }));
}

TEST_P(Orders, one_account_has_no_more_than_its_limit) {
  ASSERT_TRUE(hold_for("ann", 1));
  EXPECT_EQ(hold_for("ann", 2).error(), Fault::LimitPerAccount);
  EXPECT_TRUE(hold_for("ann", 1));
  EXPECT_EQ(number("SELECT COUNT(*) FROM orders"), 2);  // the refused one left nothing
}

TEST_P(Orders, S17_price_and_tax_are_ours_whatever_the_buyer_says) {
  const auto order = hold_for("ann", 2);
  ASSERT_TRUE(order);
  EXPECT_EQ(order->total, (Money{2200, "JPY"}));
  EXPECT_EQ(order->tax, 200);
  EXPECT_EQ(hold_for("ann", 0).error(), Fault::BadRequest);
  EXPECT_EQ(hold_for("ann", -1).error(), Fault::BadRequest);
  EXPECT_EQ(hold_for("ann", kQuantityMax + 1).error(), Fault::BadRequest);
}

TEST_P(Orders, nothing_is_sold_outside_the_sale) {
  time.advance(std::chrono::hours{2});
  EXPECT_EQ(hold_for("ann").error(), Fault::SaleClosed);
  type = "tt_nobody";
  EXPECT_EQ(hold_for("ann").error(), Fault::SaleClosed);
}

TEST_P(Orders, an_invitation_opens_as_often_as_it_says) {
  event.ticket_types.front().code_needed = true;
  ASSERT_TRUE(save());
  EXPECT_EQ(hold_for("ann", 1, "guess").error(), Fault::WrongCode);
  work<bool>(
      [this](Work& w) -> Outcome<bool> { return add_code(w, type, "FRIEND", 1).has_value(); });
  const auto order = hold_for("ann", 1, "FRIEND");
  ASSERT_TRUE(order);
  EXPECT_EQ(hold_for("bob", 1, "FRIEND").error(), Fault::WrongCode);
  time.advance(kHoldTime);  // it was not used after all
  work<std::size_t>([](Work& w) -> Outcome<std::size_t> { return end_holds(w); });
  EXPECT_TRUE(hold_for("bob", 1, "FRIEND"));
}

TEST_P(Orders, somebody_elses_order_is_not_there) {
  const auto order = hold_for("ann");
  const auto see = [&](const std::string& account) {
    return work<Order>([&](Work& w) { return order_of(w, account, order->id); });
  };
  EXPECT_TRUE(see("ann"));
  EXPECT_EQ(see("bob").error(), Fault::NotFound);
}

TEST_P(Orders, the_ledger_is_only_appended_to) {
  const auto order = hold_for("ann", 2);
  work<bool>([&](Work& w) -> Outcome<bool> {
    post_capture(w, *order);
    post_refund(w, *order, 700, 700);
    post_refund(w, *order, 1500, 2200);
    return true;
  });
  EXPECT_TRUE(
      *work<bool>([](Work& w) -> Outcome<bool> { return verify_ledger(w.sql).has_value(); }));
  EXPECT_EQ(number("SELECT CAST(SUM(amount) AS BIGINT) FROM ledger WHERE account = 'tax'"), 0);
  for (const char* change : {"UPDATE ledger SET amount = 0", "DELETE FROM ledger"}) {
    EXPECT_EQ(work<bool>([&](Work& w) -> Outcome<bool> { return w.sql.run(change) > 0; }).error(),
              Fault::Broken);
  }
  EXPECT_EQ(number("SELECT COUNT(*) FROM ledger"), 9);
}

TEST_P(Orders, what_was_sold_stays_when_an_event_is_written_again) {
  ASSERT_TRUE(hold_for("ann", 2));
  Event smaller = event;
  smaller.ticket_types.front().capacity = 1;
  Event other = event;
  other.ticket_types.clear();
  const auto write = [&](const Event& next) {
    return work<std::string>([&](Work& w) { return save_event(w, next); });
  };
  EXPECT_EQ(write(smaller).error(), Fault::NotPossible);
  EXPECT_EQ(write(other).error(), Fault::NotPossible);
  EXPECT_EQ(number("SELECT taken FROM ticket_type"), 2);
}

}  // namespace
}  // namespace butai::ticketing
