// SQL inside a piece of work, with values instead of SOCI's bound references:
//   sql.run("UPDATE orders SET state = ? WHERE id = ?", {"paid", id});           rows that changed
//   for (const Row& row : sql.rows("SELECT id, total FROM orders", {})) row.text(0), row.number(1)
// A question mark is a value; statements that both SQLite and PostgreSQL understand.
// Flow:   Database::run -> Work(Session&) -> Sql -> SOCI
// Thread: the database's; an Sql lives inside one piece of work.
// Limits: rows() holds everything it found; the statement carries the bound.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/session.h"

namespace butai::store {

// What stands for a question mark: nothing (NULL), a number or text.
class Value {
 public:
  Value(std::nullopt_t) {}
  Value(std::int64_t number) : value_(static_cast<long long>(number)) {}
  Value(int number) : value_(static_cast<long long>(number)) {}
  Value(bool yes) : value_(yes ? 1LL : 0LL) {}
  Value(const char* text) : value_(std::string(text)) {}
  Value(std::string_view text) : value_(std::string(text)) {}
  Value(const std::string& text) : value_(text) {}
  template <class T>
  Value(const std::optional<T>& maybe) {
    if (maybe) *this = Value(*maybe);
  }

  using Stored = std::variant<std::monostate, long long, std::string>;
  const Stored& stored() const { return value_; }

 private:
  Stored value_;
};

class Row {
 public:
  explicit Row(std::vector<Value::Stored> columns) : columns_(std::move(columns)) {}
  bool null(std::size_t column) const;
  std::int64_t number(std::size_t column) const;  // 0 for NULL
  std::string text(std::size_t column) const;     // "" for NULL
  bool yes(std::size_t column) const { return number(column) != 0; }

 private:
  std::vector<Value::Stored> columns_;
};

class Sql {
 public:
  explicit Sql(Session& session) : session_(session) {}

  using Values = std::vector<Value>;
  // How many rows it changed.
  std::int64_t run(std::string_view text, const Values& values = {});
  std::vector<Row> rows(std::string_view text, const Values& values = {});
  // The first row, if there is one.
  std::optional<Row> row(std::string_view text, const Values& values = {});
  // The one number of the first row; 0 for NULL or no row. Counts and sums are asked for so.
  std::int64_t number(std::string_view text, const Values& values = {});

  Session& session() { return session_; }

 private:
  Session& session_;
};

// The next number of the one row that says how much changed; whoever looks asks for larger ones than it saw.
// Held until the commit, so numbers come to light in their order, and whoever else counts so waits. Work
// that needs both asks for the sale's first.
enum class Counter : std::uint8_t {
  Sale = 1,    // the catalogue, orders, tickets
  People = 2,  // sessions and ended plays: nobody who signs in waits for a sale
};
std::int64_t next_change(Sql& sql, Counter counter = Counter::Sale);

// While it lives, a connection of Lane::Looks sees the database as it was at the first statement. A piece that
// writes is in a transaction already.
class Moment {
 public:
  explicit Moment(Session& session);
  ~Moment();
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

 private:
  Session& session_;
};

}  // namespace butai::store
