#include "ticketing/orders/orders.h"

#include <algorithm>
#include <functional>
#include <set>

#include "ticketing/limits.h"
#include "ticketing/orders/ledger.h"
#include "ticketing/orders/sales.h"
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

TEST_P(Orders, a_producers_list_is_newest_first_and_its_pages_meet_within_one_microsecond) {
  event.ticket_types.front().capacity = 400;
  event.ticket_types.front().per_account = kPerAccountMax;
  ASSERT_TRUE(save());
  const auto page_after = [&](const std::string& after) {
    return work<OrdersPage>([&](Work& w) { return orders_of_event(w, event.id, after); });
  };
  EXPECT_TRUE(page_after("")->orders.empty());
  EXPECT_EQ(page_after("")->next, "");
  const auto order_many = [&](std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) ASSERT_TRUE(hold_for(i % 2 == 0 ? "ann" : "bob"));
  };
  order_many(kOrdersListed + 20);
  time.advance(Micros{1});
  order_many(kOrdersListed - 30);

  std::vector<Order> listed;
  std::vector<std::size_t> pages;
  std::string next;
  do {
    const auto page = page_after(next);
    ASSERT_TRUE(page);
    listed.insert(listed.end(), page->orders.begin(), page->orders.end());
    pages.push_back(page->orders.size());
    next = page->next;
    time.advance(Micros{1});
    ASSERT_TRUE(hold_for("cho"));  // whoever comes meanwhile shifts nothing
  } while (!next.empty());
  EXPECT_EQ(pages, (std::vector<std::size_t>{kOrdersListed, 90}));
  std::set<std::string> ids;
  for (const Order& order : listed) ids.insert(order.id);
  EXPECT_EQ(ids.size(), 190u);
  EXPECT_EQ(listed[kOrdersListed - 1].created, listed[kOrdersListed].created);
  EXPECT_TRUE(std::ranges::is_sorted(listed, std::greater{}, &Order::created));
  EXPECT_EQ(page_after("")->orders.front().account, "cho");
  const auto csv =
      work<std::string>([&](Work& w) -> Outcome<std::string> { return orders_csv(w, event.id); });
  EXPECT_LT(csv->find(",cho\r\n"), csv->find(",ann\r\n"));
}

TEST_P(Orders, a_list_goes_on_only_where_it_said_so) {
  const std::string id = hold_for("ann")->id;
  for (const std::string& wrong :
       {id, std::string("%"), std::string("MTIz"), std::string("eCB5"), std::string(100, 'A')}) {
    const auto page =
        work<OrdersPage>([&](Work& w) { return orders_of_event(w, event.id, wrong); });
    EXPECT_EQ(page ? Fault::Broken : page.error(), Fault::BadRequest) << wrong;
  }
}

TEST_P(Orders, a_list_is_read_from_its_index) {
  const bool sqlite = GetParam() == store::testing::Kind::Sqlite;
  const auto plan = work<std::string>([&](Work& w) -> Outcome<std::string> {
    if (!sqlite)
      w.sql.run("SET LOCAL enable_seqscan = off");  // of an empty table it would be cheaper
    std::string text;
    for (const auto& row :
         w.sql.rows(std::string(sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") +
                    "SELECT id FROM orders WHERE event = 'e' AND (created_at, id) < (9, 'o')"
                    " ORDER BY created_at DESC, id DESC LIMIT 100")) {
      text += row.text(sqlite ? 3 : 0) + "\n";
    }
    return text;
  });
  EXPECT_NE(plan->find("orders_event_created"), std::string::npos) << *plan;
  EXPECT_EQ(plan->find(sqlite ? "TEMP B-TREE" : "Sort"), std::string::npos) << *plan;
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
