// butai event | order | panic | user export, erase | db: the sale from a terminal, in the database itself.
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "access/panic_switch.h"
#include "access/second_factor.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/fail.h"
#include "app/legal.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/backup.h"
#include "store/database.h"
#include "store/files.h"
#include "ticketing/accounts/person.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/catalog/destruction.h"
#include "ticketing/orders/ledger.h"
#include "ticketing/payments/payments.h"
#include "ticketing/times.h"

namespace butai::app {
namespace {

using ticketing::Fault;
using ticketing::Outcome;
using ticketing::Work;

std::string folder_of(const SaleOptions& options) {
  return options.place.data.empty() ? "data" : options.place.data;
}

Expected<std::unique_ptr<store::Database>> open(const SaleOptions& options) {
  auto config = load_config(options.place.config, environment_of_this_process());
  if (!config) return std::unexpected(config.error());
  if (auto made = store::prepare_folder(folder_of(options)); !made) {
    return std::unexpected(made.error());
  }
  return store::Database::open(config->database(folder_of(options)));
}

// Does the work in one transaction and prints what it returns.
template <class Do>
int print(const SaleOptions& options, Do work) {
  auto database = open(options);
  if (!database) return fail(database.error().sentence);
  std::optional<Fault> refused;
  const auto done = (*database)->run_and_wait<std::string>([&](store::Session& session) {
    store::Sql sql(session);
    SystemRandom random;
    Work inside{sql, SystemClock().utc(), random};
    Outcome<std::string> text = work(inside);
    if (text) return std::move(*text);
    refused = text.error();
    throw store::Undo{};
  });
  if (refused) return fail(std::string(ticketing::sentence(*refused)));
  if (!done) return fail(std::string(sentence(done.error())));
  std::cout << *done;
  return 0;
}

std::string line_of(const ticketing::Event& event, Utc now) {
  return fmt::format("{:<24} {:<12} {}\n", event.slug, ticketing::state_at(event, now),
                     event.title.ja.empty() ? event.title.en : event.title.ja);
}

Outcome<std::string> show_event(Work& work, const std::string& slug) {
  const auto catalog = ticketing::load_catalog(work.sql);
  const auto* found = catalog.by_slug(slug);
  if (found == nullptr) return std::unexpected(Fault::NotFound);
  std::string text = line_of(*found, work.now);
  for (const auto& one : found->performances) {
    text += fmt::format("  {} doors {} start {} end {} ({})\n", one.id,
                        ticketing::rfc3339(one.doors), ticketing::rfc3339(one.start),
                        ticketing::rfc3339(one.end), ticketing::state_at(one, work.now));
  }
  for (const auto& type : found->ticket_types) {
    text += fmt::format("  {} {} {} {}, {} of {} taken\n", type.id,
                        type.title.ja.empty() ? type.title.en : type.title.ja, type.price.minor,
                        type.price.currency, type.taken, type.capacity);
  }
  return text;
}

Outcome<std::string> set_event(Work& work, const SaleOptions& options) {
  const auto config = load_config(options.place.config, environment_of_this_process());
  const std::string why = config && options.to == "on_sale" ? why_nothing_is_sold(*config) : "";
  if (!why.empty()) {
    std::cerr << why << '\n';
    return std::unexpected(Fault::NotPossible);
  }
  const auto catalog = ticketing::load_catalog(work.sql);
  const auto* found = catalog.by_slug(options.name);
  if (found == nullptr) return std::unexpected(Fault::NotFound);
  const auto done = ticketing::set_event_state(work, found->id, options.to);
  if (!done) return std::unexpected(done.error());
  return show_event(work, options.name);
}

std::string line_of(const ticketing::Order& order) {
  return fmt::format("{} {:<16} {} × {} {} {}\n", order.id, ticketing::name_of(order.state),
                     order.quantity, order.ticket_type, order.total.minor, order.total.currency);
}

Outcome<std::string> list_orders(Work& work, const std::string& slug) {
  const auto catalog = ticketing::load_catalog(work.sql);
  const auto* found = catalog.by_slug(slug);
  if (found == nullptr) return std::unexpected(Fault::NotFound);
  std::string text;
  std::string after;
  do {
    auto page = ticketing::orders_of_event(work, found->id, after);
    if (!page) return std::unexpected(page.error());
    for (const auto& one : page->orders) text += line_of(one);
    after = std::move(page->next);
  } while (!after.empty());
  return text;
}

Outcome<std::string> show_order(Work& work, const std::string& id) {
  const auto found = ticketing::find_order(work, id);
  if (!found) return std::unexpected(Fault::NotFound);
  std::string text = line_of(*found);
  for (const auto& row : work.sql.rows(
           "SELECT at, reference, account, amount FROM ledger WHERE order_id = ? ORDER BY number",
           {id})) {
    text += fmt::format("  {} {:<16} {:<10} {:>10}\n", ticketing::rfc3339(utc_of(row.number(0))),
                        row.text(1), row.text(2), row.number(3));
  }
  return text;
}

// What must hold of all orders together.
Outcome<std::string> check_orders(Work& work) {
  if (const auto ledger = ticketing::verify_ledger(work.sql); !ledger) {
    std::cerr << ledger.error().sentence << '\n';
    return std::unexpected(Fault::Broken);
  }
  if (!ticketing::seats_agree(work)) {
    std::cerr << "the seats taken are not those that orders took\n";
    return std::unexpected(Fault::Broken);
  }
  return fmt::format("ledger whole, {} rows; seats agree, {} orders\n",
                     work.sql.number("SELECT COUNT(*) FROM ledger"),
                     work.sql.number("SELECT COUNT(*) FROM orders"));
}

// Phone and recovery codes are lost: whoever has this machine says that it is so.
Outcome<std::string> forget_factor(Work& work, const std::string& name) {
  const auto account =
      work.sql.row("SELECT id FROM account WHERE name = ? OR email = ?", {name, name});
  if (!account) return std::unexpected(Fault::NotFound);
  access::SecondFactors::remove_in(work.sql, account->text(0));
  return "no second factor any more; the next sign-in sets one up\n";
}

}  // namespace

int event(const SaleOptions& options) {
  return print(options, [&](Work& work) -> Outcome<std::string> {
    if (options.action == "show") return show_event(work, options.name);
    if (options.action == "state") return set_event(work, options);
    std::string text;
    const auto catalog = ticketing::load_catalog(work.sql);
    for (const auto& one : catalog.events()) text += line_of(one, work.now);
    return text;
  });
}

// Asks nobody: neither the configuration nor a server.
int verify_record(const SaleOptions& options) {
  constexpr std::size_t kFileMax = 16u << 20;  // bytes; a record has a few KiB
  const auto file = store::read_file(options.name, kFileMax);
  if (!file) return fail(file.error().sentence);
  const auto said = ticketing::verify_records(*file, options.key);
  if (!said) return fail(fmt::format("{}: {}", options.name, said.error().sentence));
  std::cout << *said;
  if (options.key.empty()) {
    std::cout << "compare that key with the one of the server, at /api/v1/records/key\n";
  }
  return 0;
}

int order(const SaleOptions& options) {
  return print(options, [&](Work& work) -> Outcome<std::string> {
    if (options.action == "list") return list_orders(work, options.name);
    if (options.action == "check") return check_orders(work);
    if (options.action == "refund") {
      const auto asked = ticketing::refund(work, options.name);
      if (!asked) return std::unexpected(asked.error());
    }
    return show_order(work, options.name);
  });
}

int person(const SaleOptions& options) {
  return print(options, [&](Work& work) -> Outcome<std::string> {
    if (options.action == "export") return ticketing::export_person(work, options.name);
    if (options.action == "forget-factor") return forget_factor(work, options.name);
    const auto erased = ticketing::erase_person(work, options.name);
    if (!erased) return std::unexpected(erased.error());
    return "erased; orders and ledger stay without the person\n";
  });
}

int panic(const SaleOptions& options) {
  return print(options, [&](Work& work) -> Outcome<std::string> {
    if (options.action != "show") access::PanicSwitch::write(work.sql, options.action == "on");
    return access::PanicSwitch::read(work.sql)
               ? "panic: all but watching rests; the servers follow within a second\n"
               : "no panic: everything works\n";
  });
}

int database(const SaleOptions& options) {
  if (options.action == "migrate") {
    return print(options, [](Work& work) -> Outcome<std::string> {
      return fmt::format("the tables have version {}\n",
                         work.sql.number("SELECT MAX(number) FROM migration"));
    });
  }
  const auto config = load_config(options.place.config, environment_of_this_process());
  if (!config) return fail(config.error().sentence);
  const auto where = config->database(folder_of(options));
  const auto done = options.action == "backup" ? store::backup(where, options.name)
                                               : store::restore(options.name, where);
  if (!done) return fail(done.error().sentence);
  fmt::print("{} {}\n", options.action == "backup" ? "copied to" : "brought back from",
             options.name);
  return 0;
}

}  // namespace butai::app
