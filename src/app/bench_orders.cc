#include "app/bench_orders.h"

#include <fmt/format.h>

#include <atomic>  // buyers count together
#include <thread>
#include <vector>

#include "app/fail.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/database.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/limits.h"
#include "ticketing/payments/payments.h"

namespace butai::app {
namespace {

using ticketing::Outcome;
using ticketing::Work;

struct Counts {
  std::atomic<std::uint64_t> sold{0}, refused{0}, failed{0};
};

ticketing::Event event_on_sale(Utc now, std::uint32_t capacity) {
  ticketing::Event event;
  event.slug = "bench";
  event.state = ticketing::EventState::OnSale;
  event.title = {"計測", "Bench"};
  event.performances = {{{},
                         {},
                         event.title,
                         now,
                         now + std::chrono::hours{1},
                         now + std::chrono::hours{2},
                         {{"stage", event.title}}}};
  ticketing::TicketType type;
  type.title = event.title;
  type.price = {0, "JPY"};
  type.performances = {"0"};
  type.capacity = capacity;
  type.per_account = ticketing::kPerAccountMax;
  type.sale_from = now - Seconds{1};
  type.sale_until = now + std::chrono::hours{1};
  event.ticket_types = {type};
  return event;
}

class Shop {
 public:
  explicit Shop(store::Database& database) : database_(database) {}

  template <class T>
  Outcome<T> work(const std::function<Outcome<T>(Work&)>& f) {
    std::optional<ticketing::Fault> refused;
    auto done = database_.run_and_wait<Outcome<T>>([&](store::Session& session) {
      store::Sql sql(session);
      Work inside{sql, clock_.utc(), random_};
      auto outcome = f(inside);
      if (outcome) return outcome;
      refused = outcome.error();
      throw store::Undo{};
    });
    if (done) return std::move(*done);
    return std::unexpected(refused.value_or(ticketing::fault_of(done.error())));
  }

  // The ticket type; empty: it could not be made.
  std::string open(std::uint32_t capacity) {
    return work<std::string>([&](Work& work) -> Outcome<std::string> {
             const auto id = ticketing::save_event(work, event_on_sale(work.now, capacity));
             if (!id) return std::unexpected(id.error());
             return ticketing::load_catalog(work.sql).by_id(*id)->ticket_types.front().id;
           })
        .value_or("");
  }
  std::string new_account() {
    return work<std::string>([](Work& work) -> Outcome<std::string> {
             std::string id = work.new_id("ac_");
             work.sql.run(
                 "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
                 " VALUES (?, ?, '', 'viewer', '', 0)",
                 {id, id});
             return id;
           })
        .value_or("");
  }
  // What one buyer buys until `going` says no; a new account when one may have no more.
  void buy(const std::string& type, const std::function<bool()>& going, Counts& counts) {
    std::string account = new_account();
    for (std::int64_t bought = 0; going(); ++bought) {
      if (bought == ticketing::kPerAccountMax) account = new_account(), bought = 0;
      const auto order = work<ticketing::Order>(
          [&](Work& work) { return ticketing::hold(work, {account, type, 1, ""}); });
      if (!order) {
        ++(order.error() == ticketing::Fault::SoldOut ? counts.refused : counts.failed);
        continue;
      }
      const auto confirmed = work<ticketing::Confirmed>(
          [&](Work& work) { return ticketing::confirm(work, account, order->id, "free"); });
      ++(confirmed ? counts.sold : counts.failed);
    }
  }
  std::int64_t number(const char* statement) {
    return work<std::int64_t>([statement](Work& work) -> Outcome<std::int64_t> {
             return work.sql.number(statement);
           })
        .value_or(-1);
  }

 private:
  store::Database& database_;
  SystemClock clock_;
  SystemRandom random_;
};

}  // namespace

int bench_orders(const OrderBenchOptions& options) {
  auto database =
      store::Database::open({.path = options.folder + "/butai-bench.db", .url = options.url});
  if (!database) return fail(database.error().sentence);
  Shop shop(**database);
  const std::string type = shop.open(options.capacity);
  if (type.empty()) return fail("there are orders in it already; give an empty folder");
  Counts counts;
  const SystemClock clock;
  const Steady from = clock.steady();
  const Steady end = from + Seconds{options.seconds};
  const auto going = [&clock, end] { return clock.steady() < end; };
  std::vector<std::thread> buyers;
  for (std::uint32_t i = 0; i < options.together; ++i) {
    buyers.emplace_back([&] { shop.buy(type, going, counts); });
  }
  for (std::thread& buyer : buyers) buyer.join();
  const std::chrono::duration<double> took = clock.steady() - from;
  const std::int64_t tickets = shop.number("SELECT COUNT(*) FROM entitlement");
  const std::int64_t over = std::max<std::int64_t>(0, tickets - options.capacity);
  const bool agree = tickets == static_cast<std::int64_t>(counts.sold.load());
  const double rate = static_cast<double>(counts.sold.load()) / took.count();
  if (options.json) {
    fmt::print(
        R"({{"orders":{},"orders_per_s":{:.1f},"refused":{},"failed":{},"tickets":{},"oversold":{}}})"
        "\n",
        counts.sold.load(), rate, counts.refused.load(), counts.failed.load(), tickets, over);
  } else {
    fmt::print("{} orders in {:.1f} s: {:.0f} a second with {} at once; {} refused, {} failed\n",
               counts.sold.load(), took.count(), rate, options.together, counts.refused.load(),
               counts.failed.load());
  }
  if (over > 0 || !agree) return fail("orders and tickets do not agree");
  return counts.failed.load() == 0 ? 0 : fail("some orders failed");
}

}  // namespace butai::app
