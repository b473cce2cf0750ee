// The sale under everything that goes wrong: random histories, crashes at every point, every statement and
// every call failing, every order of events; after each, the invariants I1–I9 of the ledger.
//   BUTAI_HISTORIES=100000 ./dev long: more of the same
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "store/testing/each_store.h"
#include "store/testing/postgresql.h"
#include "ticketing/testing/world.h"

namespace butai::ticketing::testing {

// The books say what was captured; our order, ledger and tickets must say the same.
std::string World::violated_by(Work& w, const Order& order) {
  const auto payment = payment_of(w, order.id);
  const auto sum = [&](std::string_view reference, std::string_view account) {
    return w.sql.number(
        "SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE order_id = ? AND reference LIKE ?"
        " AND account = ?",
        {order.id, reference, account});
  };
  const std::int64_t valid =
      w.sql.number("SELECT COUNT(*) FROM entitlement WHERE order_id = ? AND valid = 1", {order.id});
  const auto name = [&](std::string_view what) {
    return fmt::format("{} of {} ({})", what, order.id, name_of(order.state));
  };
  bool may_watch = order.state == OrderState::Fulfilled;
  if (payment) {
    const auto truth = book([&](Work& b) { return facts_of(b, payment->id); });
    const std::int64_t captured = truth ? truth->captured : 0;
    const std::int64_t refunded = truth ? truth->refunded : 0;
    const Dispute dispute = truth ? truth->dispute : Dispute::None;
    if (captured != payment->captured || refunded != payment->refunded) {
      return name("I4: the provider knows more");
    }
    if (truth && captured > 0 && !settled(order.state)) return name("I4: not settled");
    if (sum("capture", "provider") != captured) return name("I2: captured, ledger");
    if (sum("refund%", "provider") != -refunded) return name("I2: refunded, ledger");
    if (refunded > captured) return name("I8: refunded more than captured");
    if (captured != 0 && captured != order.total.minor) return name("I3: captured, total");
    may_watch =
        captured > 0 && refunded < captured && dispute != Dispute::Open && dispute != Dispute::Lost;
  }
  const bool waits = order.state == OrderState::Held || order.state == OrderState::PendingPayment;
  if (waits && order.pay_until + std::chrono::hours{1} < now) return name("I4: waits for ever");
  if (acknowledged.contains(order.id) && order.state != OrderState::Fulfilled &&
      order.state != OrderState::Refunded) {
    return name("I1: acknowledged purchase");
  }
  if (valid != (may_watch ? order.quantity : 0)) return name("I3: tickets");
  // The letter with the ticket, whichever of the three it is.
  const std::int64_t letters = w.sql.number(
      "SELECT COUNT(*) FROM letter WHERE kind IN ('paid', 'late-seat', 'confirmed')"
      " AND letter_key LIKE ?",
      {"%" + order.id + "%"});
  if (letters > 1) return name("I9: more than one letter with the ticket");
  if (letters == 0 && order.state == OrderState::Fulfilled) return name("I9: no letter");
  return "";
}

std::string World::violated() {
  return work([this](Work& w) -> std::string {
           for (const auto& row : w.sql.rows("SELECT id FROM orders")) {
             const std::string wrong = violated_by(w, *find_order(w, row.text(0)));
             if (!wrong.empty()) return wrong;
           }
           if (!seats_agree(w)) return "I6: the seats taken";
           if (w.sql.number("SELECT COUNT(*) FROM (SELECT account FROM orders WHERE state IN"
                            " ('held', 'pending_payment', 'fulfilled', 'disputed')"
                            " GROUP BY account, ticket_type HAVING SUM(quantity) > 2) x") > 0) {
             return "I6: more than one account may have";
           }
           const auto ledger = verify_ledger(w.sql);
           return ledger ? "" : "I7: " + ledger.error().sentence;
         })
      .value_or("the database failed");
}

namespace {

int histories() {
  const char* wanted = std::getenv("BUTAI_HISTORIES");
  return wanted == nullptr ? 2'000 : std::atoi(wanted);
}

const std::vector<std::string> kAccounts{"ann", "bob", "cho"};
constexpr std::array kTold{Told::StorePaid,  Told::Refunded,    Told::DisputeOpened,
                           Told::DisputeWon, Told::DisputeLost, Told::Expired};

// One thing that somebody does, or that happens.
void one_step(World& world) {
  Xorshift& random = world.random;
  const auto account = kAccounts[random.below(kAccounts.size())];
  const auto orders = world.orders();
  const Order* any = orders.empty() ? nullptr : &orders[random.below(orders.size())];
  switch (random.below(12)) {
    case 0:
    case 1:
      world.hold_for(account, random.below(4) == 0 ? world.free_type : world.paid_type,
                     1 + static_cast<std::int64_t>(random.below(2)));
      break;
    case 2:
    case 3:
      if (any == nullptr) break;
      world.confirm_for(any->account, any->id,
                        any->total.minor == 0  ? "free"
                        : random.below(3) == 0 ? "konbini"
                                               : "card");
      break;
    case 4:
    case 5: {
      if (any == nullptr) break;
      const auto& card = test_cards()[random.below(test_cards().size())];
      const std::string payment = world.payment_id(any->id);
      world.book([&](Work& w) { return pay(w, payment, card.number); });
      if (card.does == TestCard::Does::Challenge) {
        world.book([&](Work& w) { return answer_challenge(w, payment, random.below(4) > 0); });
      }
      break;
    }
    case 6:
      if (any == nullptr) break;
      if (random.below(2) == 0) {
        world.cancel_for(any->account, any->id);
      } else {
        world.refund_for(any->id);
      }
      break;
    case 7: {
      if (any == nullptr) break;
      const std::string payment = world.payment_id(any->id);
      world.book([&](Work& w) { return tell(w, payment, kTold[random.below(kTold.size())]); });
      break;
    }
    case 8:
    case 9:
      world.collect_webhooks();
      if (!world.under_way.empty()) {  // any of them, and sometimes it comes again later
        const std::size_t at = random.below(world.under_way.size());
        const World::Letter letter = world.under_way[at];
        if (random.below(5) > 0) {
          world.under_way.erase(world.under_way.begin() + static_cast<std::ptrdiff_t>(at));
        }
        world.deliver(letter);
      }
      break;
    case 10:
      world.look_for_work();
      break;
    case 11:
      world.now += Seconds{static_cast<std::int64_t>(1 + random.below(1200))};
      break;
  }
}

// Empty: the invariants hold.
std::string run_history(World& world, int steps) {
  world.line = [&world] {
    const auto fate = world.random.below(8);
    return fate == 0   ? World::Line::CallLost
           : fate == 1 ? World::Line::AnswerLost
                       : World::Line::Works;
  };
  for (int i = 0; i < steps; ++i) {
    if (world.random.below(6) == 0) {
      world.reached.clear();
      world.crash_at = {static_cast<Point>(world.random.below(kPoints)), 1};
    }
    if (world.random.below(8) == 0) {
      world.statements.fail_at(1 + static_cast<int>(world.random.below(20)));
    }
    try {
      one_step(world);
    } catch (const Crash&) {  // the process starts again; what it held in memory is gone
    } catch (const std::bad_optional_access&) {  // the look at the orders was what failed
    }
    world.crash_at.reset();
    world.statements.fail_at(0);
  }
  world.recover();
  return world.violated();
}

TEST(Simulation, random_histories_keep_every_invariant) {
  const int count = histories();
  for (int seed = 1; seed <= count; ++seed) {
    World world(static_cast<std::uint64_t>(seed));
    const std::string wrong = run_history(world, 24);
    ASSERT_EQ(wrong, "") << "seed " << seed;
  }
}

// The same on the other store, where a history costs a database of its own: a hundredth of them.
TEST(Simulation, random_histories_keep_every_invariant_on_postgresql) {
  auto& server = store::testing::PostgreSql::shared();
  const int count = std::max(20, histories() / 100);
  for (int seed = 1; seed <= count; ++seed) {
    World world(static_cast<std::uint64_t>(seed), 4, server.new_database());
    const std::string wrong = run_history(world, 24);
    ASSERT_EQ(wrong, "") << "seed " << seed;
  }
}

// A purchase with a card, then its refund: every line of the sale's code that writes.
void buy_and_refund(World& world) {
  const std::string order = world.hold_for("ann", world.paid_type);
  if (order.empty() || !world.confirm_for("ann", order, "card")) return;
  const std::string payment = world.payment_id(order);
  world.book([&](Work& w) { return pay(w, payment, "4242424242424242"); });
  const auto post = [&world] {
    world.collect_webhooks();
    const auto letters = std::exchange(world.under_way, {});
    for (const auto& letter : letters) world.deliver(letter);
  };
  post();
  world.refund_for(order);
  post();
}

// A database of its own for each world, which on PostgreSQL takes some tenths of a second: there each test
// takes one place in twelve, and all of them in ./dev long.
class Everywhere : public ::testing::TestWithParam<store::testing::Kind> {
 protected:
  static std::string url() {
    if (GetParam() == store::testing::Kind::Sqlite) return {};
    return store::testing::PostgreSql::shared().new_database();
  }
  static int stride() {
    const bool all = std::getenv("BUTAI_HISTORIES") != nullptr;
    return all || GetParam() == store::testing::Kind::Sqlite ? 1 : 12;
  }
};
BUTAI_EACH_STORE(Everywhere);

TEST_P(Everywhere, a_crash_at_every_point_loses_nothing) {
  World whole(1, 4, url());
  buy_and_refund(whole);
  ASSERT_EQ(whole.violated(), "");
  ASSERT_EQ(whole.orders().at(0).state, OrderState::Refunded);
  int crashes = 0, place = 0;
  for (const auto& [point, times] : whole.reached) {
    for (int time = 1; time <= times; ++time) {
      if (++place % stride() != 0) continue;
      World world(1, 4, url());
      world.crash_at = {point, time};
      world.reached.clear();
      try {
        buy_and_refund(world);
      } catch (const Crash&) {
        ++crashes;
      }
      world.recover();
      EXPECT_EQ(world.violated(), "") << "point " << static_cast<int>(point) << ", time " << time;
    }
  }
  EXPECT_GE(crashes, 25 / stride());
}

TEST_P(Everywhere, every_statement_may_fail_once_or_with_all_that_follow) {
  using Lasts = store::testing::FailingStatements::Lasts;
  for (const Lasts lasts : {Lasts::Once, Lasts::FromThenOn}) {
    for (int number = 1;; number += stride()) {
      World world(1, 4, url());
      world.statements.fail_at(number, lasts);
      try {
        buy_and_refund(world);
      } catch (const std::bad_optional_access&) {
      }
      const bool failed = world.statements.failed();
      world.recover();
      ASSERT_EQ(world.violated(), "") << "statement " << number;
      if (!failed) {
        EXPECT_GT(number, 50);
        break;
      }
    }
  }
}

TEST_P(Everywhere, every_call_and_every_answer_may_be_lost_once_or_with_all_that_follow) {
  for (const World::Line happens : {World::Line::CallLost, World::Line::AnswerLost}) {
    for (const bool once : {true, false}) {
      for (int number = 1;; ++number) {
        World world(1, 4, url());
        int calls = 0;
        world.line = [&] {
          ++calls;
          return calls == number || (!once && calls > number) ? happens : World::Line::Works;
        };
        buy_and_refund(world);
        const bool failed = calls >= number;
        world.recover();
        ASSERT_EQ(world.violated(), "") << "call " << number;
        if (!failed) {
          EXPECT_GE(number, 3) << "a payment is created and refunded";
          break;
        }
      }
    }
  }
}

// What an order looks like in the end, as text.
std::string outcome(World& world, const std::string& id) {
  return world
      .work([&](Work& w) {
        std::string text(name_of(find_order(w, id)->state));
        for (const auto& row :
             w.sql.rows("SELECT reference, account, amount FROM ledger WHERE order_id = ?"
                        " ORDER BY reference, account",
                        {id})) {
          text += fmt::format(" {} {} {};", row.text(0), row.text(1), row.number(2));
        }
        return text +
               fmt::format(" {} valid",
                           w.sql.number("SELECT COUNT(*) FROM entitlement WHERE order_id = ? AND"
                                        " valid = 1",
                                        {id}));
      })
      .value();
}

TEST(Simulation, every_order_and_repetition_of_events_ends_alike) {
  PaymentFacts created{.payment = {}, .amount = {World::kPrice, "JPY"}};
  std::vector<PaymentFacts> events(6, created);
  for (std::size_t i = 1; i < events.size(); ++i) events[i].captured = World::kPrice;
  events[2].dispute = Dispute::Open;
  events[3].dispute = Dispute::Won;
  events[4].dispute = Dispute::Won;
  events[4].refunded = World::kPrice;
  events[5].refunded = World::kPrice;                   // and did not arrive
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5, 1};  // one of them comes twice
  std::ranges::sort(order);
  std::string expected;
  int runs = 0;
  World world(7, 1'000'000);
  store::Sql(world.ours()).run("UPDATE ticket_type SET per_account = 1000000");
  do {
    const std::string id = world.hold_for("ann", world.paid_type);
    ASSERT_TRUE(world.confirm_for("ann", id, "card"));
    const std::string payment = world.payment_id(id);
    for (std::size_t i = 0; i < order.size(); ++i) {
      WebhookEvent event{fmt::format("evt_{}_{}", runs, order[i]), events[order[i]]};
      event.facts.payment = payment;
      if (order[i] == 5)
        event.facts.refund_failures = {{fmt::format("re_{}", runs), World::kPrice}};
      world.work([&](Work& w) { return learn(w, event, false); });
    }
    std::string ends = outcome(world, id);
    ends.replace(ends.find(fmt::format("re_{}", runs)), fmt::format("re_{}", runs).size(), "re_");
    ends.replace(ends.find(fmt::format("re_{}", runs)), fmt::format("re_{}", runs).size(), "re_");
    if (expected.empty()) expected = ends;
    ASSERT_EQ(ends, expected);
    ++runs;
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(runs, 7 * 6 * 5 * 4 * 3 * 2 / 2);
  EXPECT_TRUE(expected.starts_with("refunded")) << expected;
}

// Defects that are planted, to see that the histories find them.
struct Planted {
  const char* name;
  std::function<void(World&)> plant;
};

void with_trigger(World& world, const char* text) {
  store::Sql(world.ours()).run(text);
  world.statements.reset();
}

const std::vector<Planted> kPlanted{
    {"seats_are_not_counted",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER UPDATE OF taken ON ticket_type WHEN NEW.taken > 0"
                    " BEGIN UPDATE ticket_type SET taken = 0 WHERE id = NEW.id; END");
     }},
    {"nobody_asks_the_provider", [](World& w) { w.reconciles = false; }},
    {"amounts_are_not_compared",
     [](World& w) {
       w.compares = false;
       w.reconciles = false;
     }},
    {"a_refund_leaves_the_ticket",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER UPDATE OF valid ON entitlement WHEN NEW.valid = 0"
                    " BEGIN UPDATE entitlement SET valid = 1 WHERE id = NEW.id; END");
     }},
    {"a_ticket_is_not_given",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER INSERT ON entitlement"
                    " BEGIN UPDATE entitlement SET valid = 0 WHERE id = NEW.id; END");
     }},
    {"a_ledger_row_is_changed",
     [](World& w) {
       with_trigger(w, "DROP TRIGGER ledger_keeps");
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER INSERT ON ledger WHEN NEW.account = 'tax'"
                    " BEGIN UPDATE ledger SET amount = amount + 1 WHERE number = NEW.number; END");
     }},
    {"a_ledger_row_is_lost",
     [](World& w) {
       with_trigger(w, "DROP TRIGGER ledger_keeps_all");
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER INSERT ON ledger WHEN NEW.account = 'sales'"
                    " BEGIN DELETE FROM ledger WHERE number = NEW.number; END");
     }},
    {"an_expired_hold_keeps_its_seat",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER UPDATE OF state ON orders WHEN NEW.state ="
                    " 'expired' BEGIN UPDATE ticket_type SET taken = taken + 1 WHERE id ="
                    " NEW.ticket_type AND taken < capacity; END");
     }},
    {"a_capture_is_forgotten",
     [](World& w) {
       with_trigger(
           w,
           "CREATE TRIGGER planted AFTER UPDATE OF captured ON payment WHEN NEW.captured >"
           " 0 BEGIN UPDATE payment SET captured = 0, refunded = 0 WHERE id = NEW.id; END");
     }},
    {"a_call_is_done_before_it_was_made",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER INSERT ON provider_call BEGIN UPDATE"
                    " provider_call SET done = 1 WHERE call_key = NEW.call_key; END");
     }},
    {"two_orders_share_a_limit",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER INSERT ON orders BEGIN UPDATE ticket_type SET"
                    " per_account = per_account + 1; END");
     }},
    {"a_free_ticket_is_undone",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER UPDATE OF state ON orders WHEN NEW.state ="
                    " 'fulfilled' AND NEW.total = 0 BEGIN UPDATE orders SET state = 'cancelled'"
                    " WHERE id = NEW.id; END");
     }},
    {"a_letter_is_written_twice",
     [](World& w) {
       with_trigger(w,
                    "CREATE TRIGGER planted AFTER INSERT ON letter WHEN NEW.kind = 'paid' BEGIN"
                    " INSERT INTO letter (letter_key, account, address, language, kind, content,"
                    " state, why, created_at, next_at, until_at, tries) VALUES"
                    " (NEW.letter_key || ' 2', NEW.account, NEW.address, NEW.language, 'confirmed',"
                    " '', 'waiting', '', 0, 0, 0, 0); END");
     }},
};

TEST(Simulation, planted_defects_are_found) {
  const bool all = std::getenv("BUTAI_HISTORIES") != nullptr;
  const std::size_t count = all ? kPlanted.size() : 2;
  for (std::size_t i = 0; i < count; ++i) {
    bool found = false;
    for (int seed = 1; seed <= 1000 && !found; ++seed) {
      World world(static_cast<std::uint64_t>(seed));
      kPlanted[i].plant(world);
      found = !run_history(world, 24).empty();
    }
    EXPECT_TRUE(found) << kPlanted[i].name;
  }
}

}  // namespace
}  // namespace butai::ticketing::testing
