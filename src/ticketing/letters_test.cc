#include "ticketing/letters.h"

#include "ticketing/entitlements/entitlements.h"
#include "ticketing/limits.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

class Reminders : public testing::Shop {
 protected:
  static constexpr Seconds kEarly{1};

  // Ann has a ticket, bob's was taken back, cho has none.
  void SetUp() override {
    Shop::SetUp();
    Performance& night = event.performances.front();
    for (Utc* moment : {&night.doors, &night.start, &night.end}) *moment += kRemindBefore + kEarly;
    ASSERT_TRUE(save());
    run([](Work& w) { w.sql.run("UPDATE account SET email = id || '@example.org'"); });
    for (const char* account : {"ann", "bob"}) {
      auto order = hold_for(account).value();
      run([&](Work& w) { grant(w, order); });
      if (order.account == "bob") run([&](Work& w) { revoke(w, order); });
    }
  }
  void run(std::function<void(Work&)> f) {
    ASSERT_TRUE(work<bool>([&](Work& w) -> Outcome<bool> { return f(w), true; }));
  }
  std::int64_t reminded(const std::string& account) {
    return number("SELECT COUNT(*) FROM letter WHERE kind = 'reminder' AND account = '" + account +
                  "'");
  }
};
BUTAI_EACH_STORE(Reminders);

TEST_P(Reminders, who_has_a_ticket_is_reminded_once_when_the_time_has_come) {
  run([](Work& w) { remind(w); });
  EXPECT_EQ(reminded("ann"), 0) << "a second too early";
  time.advance(kEarly);
  for (int i = 0; i < 3; ++i) run([](Work& w) { remind(w); });
  EXPECT_EQ(reminded("ann"), 1);
  EXPECT_EQ(reminded("bob"), 0) << "the ticket was taken back";
  EXPECT_EQ(reminded("cho"), 0) << "never had one";
}

TEST_P(Reminders, nobody_is_reminded_of_doors_that_are_open) {
  time.advance(kRemindBefore + kEarly);
  run([](Work& w) { remind(w); });
  EXPECT_EQ(reminded("ann"), 0);
}

TEST_P(Reminders, of_two_nodes_one_writes) {
  time.advance(kEarly);
  run([](Work& w) {
    remind(w);
    ASSERT_EQ(w.sql.number("SELECT COUNT(*) FROM letter WHERE kind = 'reminder'"), 1);
    w.sql.run("DELETE FROM letter");
  });
  run([](Work& w) {
    remind(w);  // the other node finds it done
  });
  EXPECT_EQ(reminded("ann"), 0);
}

}  // namespace
}  // namespace butai::ticketing
