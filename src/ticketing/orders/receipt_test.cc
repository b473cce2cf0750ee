#include "ticketing/orders/receipt.h"

#include <gmock/gmock.h>

#include "ticketing/orders/sales.h"
#include "ticketing/payments/payments.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Receipts : public testing::Shop {
 protected:
  std::string paid_order() {
    const auto order = hold_for("ann", 2);
    const auto bought =
        work<Confirmed>([&](Work& w) { return confirm(w, "ann", order->id, "card"); });
    EXPECT_TRUE(bought);
    work<bool>([&](Work& w) -> Outcome<bool> {
      PaymentFacts facts{.payment = payment_of(w, order->id)->id, .amount = order->total};
      facts.captured = order->total.minor;
      return learn(w, {"evt_1", facts}, false) == Verdict::Taken;
    });
    return order->id;
  }
  Outcome<Receipt> issue(const std::string& order, const std::string& addressee,
                         const std::string& account = "ann") {
    return work<Receipt>([&](Work& w) { return issue_receipt(w, account, order, addressee); });
  }
};
BUTAI_EACH_STORE(Receipts);

TEST_P(Receipts, every_copy_after_the_first_is_numbered) {
  const std::string order = paid_order();
  const auto first = issue(order, "株式会社 舞台");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->number(), order);
  EXPECT_EQ(first->order.tax_rate, 10);
  const auto second = issue(order, "Butai Inc.");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->number(), order + "-2");
  const auto newest =
      work<std::optional<Receipt>>([&](Work& w) { return newest_receipt(w, "ann", order); });
  EXPECT_EQ((*newest)->addressee, "Butai Inc.");
}

TEST_P(Receipts, are_for_what_was_paid_by_whom_it_was_paid) {
  const std::string order = paid_order();
  EXPECT_EQ(issue(order, "Bob", "bob").error(), Fault::NotFound);
  EXPECT_EQ(issue(order, "").error(), Fault::BadRequest);
  EXPECT_EQ(issue(order, "two\nlines").error(), Fault::BadRequest);
  EXPECT_EQ(issue(order, std::string(301, 'a')).error(), Fault::BadRequest);
  EXPECT_EQ(issue(hold_for("cho")->id, "Cho", "cho").error(), Fault::NotPossible);
}

TEST_P(Receipts, sales_and_the_spreadsheet_say_what_was_paid) {
  const std::string order = paid_order();
  const auto sales = work<Sales>([&](Work& w) -> Outcome<Sales> { return sales_of(w, event.id); });
  ASSERT_EQ(sales->points.size(), 1u);
  EXPECT_EQ(sales->points[0].tickets, 2);
  EXPECT_EQ(sales->points[0].amount, 2200);
  EXPECT_EQ(sales->currency, "JPY");
  const auto csv =
      work<std::string>([&](Work& w) -> Outcome<std::string> { return orders_csv(w, event.id); });
  EXPECT_THAT(*csv, StartsWith("\xEF\xBB\xBForder,"));
  EXPECT_THAT(*csv, HasSubstr(order + ","));
  EXPECT_THAT(*csv, HasSubstr(",fulfilled,夜,2,2200,200,JPY,card,ann\r\n"));
}

TEST(csv, formulas_are_defused_and_separators_quoted) {
  EXPECT_EQ(csv_cell("=1+1"), "'=1+1");
  EXPECT_EQ(csv_cell("+81"), "'+81");
  EXPECT_EQ(csv_cell("@sum"), "'@sum");
  EXPECT_EQ(csv_cell("-2,\"x\""), "\"'-2,\"\"x\"\"\"");
  EXPECT_EQ(csv_cell("plain"), "plain");
  EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
}

}  // namespace
}  // namespace butai::ticketing
