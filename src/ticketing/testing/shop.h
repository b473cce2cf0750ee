// One event on sale in a database of its own, for tests that run on both stores.
// Thread: the test's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "access/testing/seeded_random.h"
#include "base/testing/manual_time.h"
#include "store/testing/each_store.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/orders/orders.h"

namespace butai::ticketing::testing {

class Shop : public store::testing::EachStore {
 protected:
  // A transaction; what it returns, or the fault that undid it.
  template <class T>
  Outcome<T> work(std::function<Outcome<T>(Work&)> f) {
    std::optional<Fault> refused;
    auto done = database->run_and_wait<Outcome<T>>([&](store::Session& session) {
      store::Sql sql(session);
      Work inside{sql, time.utc(), random};
      auto outcome = f(inside);
      if (outcome) return outcome;
      refused = outcome.error();
      throw store::Undo{};
    });
    if (done) return std::move(*done);
    return std::unexpected(refused.value_or(Fault::Broken));
  }
  std::int64_t number(std::string text) {
    return *work<std::int64_t>(
        [&](Work& w) -> Outcome<std::int64_t> { return w.sql.number(text); });
  }
  Outcome<Order> hold_for(const std::string& account, std::int64_t quantity = 1,
                          const std::string& code = "") {
    return work<Order>([&](Work& w) { return hold(w, {account, type, quantity, code}); });
  }

  void SetUp() override {
    database = open();
    event.slug = "night";
    event.state = EventState::OnSale;
    event.title = {"夜", "Night"};
    event.performances = {{{},
                           {},
                           event.title,
                           time.utc(),
                           time.utc() + std::chrono::hours{1},
                           time.utc() + std::chrono::hours{3},
                           {{"stage", event.title}}}};
    TicketType one;
    one.title = event.title;
    one.price = {1100, "JPY"};
    one.performances = {"0"};
    one.capacity = 3;
    one.per_account = 2;
    one.sale_from = time.utc();
    one.sale_until = time.utc() + std::chrono::hours{2};
    one.payments = {"card", "konbini"};
    event.ticket_types = {one};
    ASSERT_TRUE(save());
    for (const char* account : {"ann", "bob", "cho"}) {
      work<bool>([&](Work& w) -> Outcome<bool> {
        w.sql.run(
            "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
            " VALUES (?, ?, '', 'viewer', '', 0)",
            {account, account});
        return true;
      });
    }
  }
  // Writes the event and reads it back with its ids.
  bool save() {
    const auto saved = work<std::string>([this](Work& w) { return save_event(w, event); });
    if (!saved) return false;
    event =
        *work<Event>([&](Work& w) -> Outcome<Event> { return *load_catalog(w.sql).by_id(*saved); });
    type = event.ticket_types.front().id;
    return true;
  }

  butai::testing::ManualTime time;
  access::testing::SeededRandom random;
  std::unique_ptr<store::Database> database;
  Event event;
  std::string type;
};

}  // namespace butai::ticketing::testing
