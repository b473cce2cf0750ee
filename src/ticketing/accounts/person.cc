#include "ticketing/accounts/person.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "mail/outbox.h"
#include "ticketing/orders/orders.h"
#include "ticketing/times.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

std::optional<std::string> find(Work& work, std::string_view name_or_email) {
  const auto row = work.sql.row("SELECT id FROM account WHERE name = ? OR email = ?",
                                {name_or_email, name_or_email});
  return row ? std::optional(row->text(0)) : std::nullopt;
}

json::array orders_in(Work& work, const std::string& account) {
  json::array all;
  for (const Order& order : orders_of(work, account)) {
    all.push_back({{"id", order.id},
                   {"event", order.event},
                   {"quantity", order.quantity},
                   {"total", order.total.minor},
                   {"currency", order.total.currency},
                   {"state", name_of(order.state)},
                   {"created", rfc3339(order.created)}});
  }
  return all;
}

json::array times_in(Work& work, std::string_view statement, const std::string& account) {
  json::array all;
  for (const store::Row& row : work.sql.rows(statement, {account})) {
    all.push_back({{"what", row.text(0)}, {"at", rfc3339(utc_of(row.number(1)))}});
  }
  return all;
}

}  // namespace

Outcome<std::string> export_person(Work& work, std::string_view name_or_email) {
  const auto account = find(work, name_or_email);
  if (!account) return std::unexpected(Fault::NotFound);
  const auto row = work.sql.row(
      "SELECT name, email, display_name, language, role, created_at FROM account WHERE id = ?",
      {*account});
  const json::object person{
      {"account", *account},
      {"name", row->text(0)},
      {"email", row->text(1)},
      {"display_name", row->text(2)},
      {"language", row->text(3)},
      {"role", row->text(4)},
      {"created", rfc3339(utc_of(row->number(5)))},
      {"orders", orders_in(work, *account)},
      {"tickets",
       times_in(work, "SELECT id, granted_at FROM entitlement WHERE account = ?", *account)},
      {"receipts",
       times_in(work,
                "SELECT r.addressee, r.issued_at FROM receipt r JOIN orders o ON o.id = r.order_id"
                " WHERE o.account = ?",
                *account)},
      {"trials",
       times_in(work, "SELECT report, created_at FROM test_report WHERE account = ?", *account)},
      {"linked",
       times_in(work, "SELECT provider, linked_at FROM identity WHERE account = ?", *account)},
      {"letters",
       times_in(work, "SELECT kind, created_at FROM letter WHERE account = ?", *account)},
      {"sign_ins",
       times_in(work, "SELECT 'signed in', created_at FROM account_session WHERE account = ?",
                *account)}};
  return json::serialize(person);
}

Outcome<void> erase_person(Work& work, std::string_view name_or_email) {
  const std::int64_t change = work.next_change();
  const std::int64_t of_people = store::next_change(work.sql, store::Counter::People);
  const auto account = find(work, name_or_email);
  if (!account) return std::unexpected(Fault::NotFound);
  work.sql.run(
      "UPDATE account SET name = ?, email = NULL, display_name = NULL, language = NULL,"
      " password_hash = '', scopes = '', role = 'viewer' WHERE id = ?",
      {"erased_" + *account, *account});
  work.sql.run(
      "UPDATE account_session SET ended_at = ?, change_number = ?"
      " WHERE account = ? AND ended_at IS NULL",
      {work.micros(), of_people, *account});
  work.sql.run("UPDATE entitlement SET valid = 0, change_number = ? WHERE account = ?",
               {change, *account});
  work.sql.run("DELETE FROM test_report WHERE account = ?", {*account});
  work.sql.run(
      "UPDATE receipt SET addressee = '' WHERE order_id IN"
      " (SELECT id FROM orders WHERE account = ?)",
      {*account});
  for (const char* table : {"identity", "proof", "recovery_code", "second_factor"}) {
    work.sql.run(fmt::format("DELETE FROM {} WHERE account = ?", table), {*account});
  }
  mail::forget(work.sql, *account);
  work.sql.run("DELETE FROM missed WHERE account = ?", {*account});
  return {};
}

}  // namespace butai::ticketing
