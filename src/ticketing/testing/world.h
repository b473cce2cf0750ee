// A sale in one thread: our database (in memory, or PostgreSQL) and the provider's books, a clock and randomness that a
// seed decides, a network that loses calls and answers, and a process that may die at every named point.
// Everything that decides about money is the production code; only the glue (box_office.cc) is replaced
// by buy(), look_for_work() and deliver() here, which do the same steps one after another.
// Thread: the test's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "access/testing/seeded_random.h"
#include "store/engine.h"
#include "store/migrations.h"
#include "store/sql.h"
#include "store/testing/failing_statements.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/entitlements/entitlements.h"
#include "ticketing/limits.h"
#include "ticketing/orders/ledger.h"
#include "ticketing/payments/payments.h"
#include "ticketing/payments/test_books.h"

namespace butai::ticketing::testing {

// Where the process may die.
enum class Point {
  BeforeWork,  // any transaction of ours
  BeforeCommit,
  AfterCommit,
  BeforeCall,
  AfterCall,
};
inline constexpr int kPoints = 5;

struct Crash {};

class Xorshift final : public Random {
 public:
  explicit Xorshift(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      byte = static_cast<std::uint8_t>(state_ >> 32);
    }
  }
  std::uint64_t below(std::uint64_t bound) { return number(bound); }

 private:
  std::uint64_t state_;
};

class World {
 public:
  static constexpr std::int64_t kPrice = 3300;

  // `url`: an empty PostgreSQL database for ours instead of memory.
  explicit World(std::uint64_t seed, std::int64_t capacity = 4, const std::string& url = {})
      : random(seed) {
    if (url.empty()) {
      store::open_sqlite(ours_, ":memory:");
    } else {
      store::open_postgresql(ours_, url);
    }
    store::open_sqlite(theirs_, ":memory:");
    if (!store::migrate(ours_, store::migrations()) ||
        !store::migrate(theirs_, test_books_tables())) {
      throw std::runtime_error("no tables");
    }
    statements.attach(ours_);
    for (const char* account : {"ann", "bob", "cho"}) {
      store::Sql(ours_).run(
          "INSERT INTO account (id, name, email, password_hash, role, scopes, created_at)"
          " VALUES (?, ?, ?, '', 'viewer', '', 0)",
          {account, account, std::string(account) + "@example.org"});
    }
    Event event;
    event.slug = "night";
    event.state = EventState::OnSale;
    event.title = {"夜", "Night"};
    event.performances = {{{},
                           {},
                           event.title,
                           now + std::chrono::hours{24 * 19},
                           now + std::chrono::hours{24 * 19},
                           now + std::chrono::hours{24 * 30},
                           {{"stage", event.title}}}};
    for (const std::int64_t price : {kPrice, std::int64_t{0}}) {
      TicketType type;
      type.title = event.title;
      type.price = {price, "JPY"};
      type.performances = {"0"};
      type.capacity = capacity;
      type.per_account = 2;
      type.sale_from = now;
      type.sale_until = now + std::chrono::hours{24 * 20};
      if (price > 0) type.payments = {"card", "konbini"};
      event.ticket_types.push_back(type);
    }
    const auto id = work([&](Work& w) { return save_event(w, event); });
    const auto types = store::Sql(ours_).rows("SELECT id FROM ticket_type ORDER BY position");
    paid_type = types.at(0).text(0);
    free_type = types.at(1).text(0);
    statements.reset();
    (void)id;
  }

  // One transaction of ours. Throws Crash at a point that was chosen; what the database throws comes
  // out as nullopt, like a Failure.
  template <class F>
  auto work(F f) -> std::optional<decltype(f(std::declval<Work&>()))> {
    store::Sql sql(ours_);
    try {
      reach(Point::BeforeWork);
      store::begin(ours_);
      Work inside{sql, now, random};
      auto result = f(inside);
      reach(Point::BeforeCommit);
      ours_.commit();
      reach(Point::AfterCommit);
      return result;
    } catch (const soci::soci_error&) {
      roll_back();
      return std::nullopt;
    } catch (const std::out_of_range&) {
      // What SOCI's PostgreSQL backend makes of a statement that failed before its values were bound.
      if (!statements.failed()) throw;
      roll_back();
      return std::nullopt;
    } catch (const Crash&) {
      roll_back();
      throw;
    }
  }
  template <class F>
  auto book(F f) {
    store::Sql sql(theirs_);
    store::begin(theirs_);
    Work inside{sql, now, random};
    auto result = f(inside);
    theirs_.commit();
    return result;
  }

  // The network between us and the provider, and what it does to the next call.
  enum class Line { Works, CallLost, AnswerLost };
  std::function<Line()> line = [] { return Line::Works; };

  void make(const Call& call) {
    reach(Point::BeforeCall);
    const Line happens = line();
    Answer told = std::unexpected(CallFault::Unknown);
    if (happens != Line::CallLost) {
      told = book([&](Work& w) { return answer(w, call); });
      if (happens == Line::AnswerLost) told = std::unexpected(CallFault::Unknown);
    }
    reach(Point::AfterCall);
    work([&](Work& w) { return settle(w, call, told, false), true; });
  }

  std::string hold_for(const std::string& account, const std::string& type,
                       std::int64_t quantity = 1) {
    const auto held = work([&](Work& w) {
      auto order = hold(w, {account, type, quantity, ""});
      return order ? order->id : "";
    });
    return held.value_or("");
  }
  // True: the buyer was told that it is bought, or where to pay.
  bool confirm_for(const std::string& account, const std::string& order,
                   const std::string& method) {
    const auto done = work([&](Work& w) { return confirm(w, account, order, method); });
    if (!done || !*done) return false;
    if ((*done)->call) make(*(*done)->call);
    if (method == "free") acknowledged.insert(order);
    return true;
  }
  void cancel_for(const std::string& account, const std::string& order) {
    const auto done = work([&](Work& w) { return cancel(w, account, order); });
    if (done && *done && (*done)->call) make(*(*done)->call);
  }
  void refund_for(const std::string& order) {
    const auto done = work([&](Work& w) { return refund(w, order); });
    if (done && *done && (*done)->call) make(*(*done)->call);
  }

  void look_for_work() {
    if (!reconciles) return;
    const auto calls = work([](Work& w) { return end_holds(w), due(w); });
    for (const Call& call : calls.value_or(std::vector<Call>{})) make(call);
  }

  // Webhooks that left the provider and have not arrived; old ones may come again.
  void collect_webhooks() {
    for (SentEvent& event : book([](Work& w) { return events_due(w); })) {
      under_way.push_back(
          {sign_webhook(event.forged ? "x" : kSecret, event.body, now), std::move(event.body)});
    }
  }
  struct Letter {
    std::string signature, body;
  };
  void deliver(const Letter& letter) {
    auto event = read_test_webhook(kSecret, letter.signature, letter.body, now);
    if (!event) return;
    if (!compares) event->facts.amount.minor = kPrice;  // a planted defect: taken for what it was
    work([&](Work& w) { return learn(w, *event, false); });
  }

  std::vector<Order> orders() {
    return work([this](Work& w) {
             std::vector<Order> all;
             for (const auto& row : w.sql.rows("SELECT id FROM orders ORDER BY id")) {
               all.push_back(*find_order(w, row.text(0)));
             }
             return all;
           })
        .value();
  }
  std::string payment_id(const std::string& order) {
    return work([&](Work& w) {
             const auto payment = payment_of(w, order);
             return payment ? payment->id : "";
           })
        .value_or("");
  }

  // Faults are over: time passes and work is found until nothing more happens.
  void recover() {
    line = [] { return Line::Works; };
    statements.fail_at(0);
    crash_at.reset();
    now += kAskEvery + Seconds{1};
    look_for_work();
    for (int i = 0; i < 6; ++i) {
      now += kCallAgainMost + kAskEvery;
      look_for_work();
    }
    now += kAskSettledEvery;  // what the provider did by itself to settled orders
    look_for_work();
    now += kCallAgainMost;
    look_for_work();
  }

  // Empty: every invariant of the sale holds (I1–I9); else the sentence that says which does not.
  std::string violated();

  void reach(Point point) {
    ++reached[point];
    if (crash_at && crash_at->first == point && reached[point] == crash_at->second) throw Crash{};
  }

  store::Session& ours() { return ours_; }

  static constexpr const char* kSecret = "CNRY-test-webhooks";
  Utc now = utc_of(1'800'000'000'000'000);
  Xorshift random;
  store::testing::FailingStatements statements;
  std::string paid_type, free_type;
  std::set<std::string> acknowledged;  // orders that the buyer was told are bought
  std::vector<Letter> under_way;
  std::optional<std::pair<Point, int>> crash_at;
  std::map<Point, int> reached;
  bool reconciles = true;  // false: a planted defect
  bool compares = true;    // false: a planted defect

 private:
  void roll_back() {
    try {
      ours_.rollback();
    } catch (const soci::soci_error&) {  // it was committed already, or rolled back by itself
    }
  }
  std::string violated_by(Work& w, const Order& order);

  store::Session ours_;
  store::Session theirs_;
};

}  // namespace butai::ticketing::testing
