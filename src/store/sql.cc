#include "store/sql.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <deque>

namespace butai::store {
namespace {

// "… = ? AND … = ?" -> "… = :v0 AND … = :v1"
std::string named(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  int number = 0;
  for (const char c : text) {
    if (c == '?') {
      out += fmt::format(":v{}", number++);
    } else {
      out += c;
    }
  }
  return out;
}

// Values as SOCI wants to see them: at one address from binding to execution.
class Bound {
 public:
  Bound(soci::statement& statement, const Sql::Values& values) {
    for (const Value& value : values) bind(statement, value.stored());
  }

 private:
  void bind(soci::statement& statement, const Value::Stored& stored) {
    values_.push_back(stored);
    Value::Stored& kept = values_.back();
    if (auto* number = std::get_if<long long>(&kept)) {
      statement.exchange(soci::use(*number));
    } else if (auto* text = std::get_if<std::string>(&kept)) {
      statement.exchange(soci::use(*text));
    } else {
      kept = std::string();
      nulls_.push_back(soci::i_null);
      statement.exchange(soci::use(std::get<std::string>(kept), nulls_.back()));
    }
  }

  std::deque<Value::Stored> values_;
  std::deque<soci::indicator> nulls_;
};

void prepare(soci::statement& statement, std::string_view text) {
  statement.alloc();
  // Asked once: PostgreSQL then needs one round trip, not three.
  statement.prepare(named(text), soci::details::st_one_time_query);
  statement.define_and_bind();
}

Value::Stored column_of(const soci::row& row, std::size_t column) {
  if (row.get_indicator(column) == soci::i_null) return {};
  switch (row.get_properties(column).get_data_type()) {
    case soci::dt_string:
    case soci::dt_xml:
      return row.get<std::string>(column);
    case soci::dt_integer:
      return static_cast<long long>(row.get<int>(column));
    case soci::dt_long_long:
      return row.get<long long>(column);
    case soci::dt_unsigned_long_long:
      return static_cast<long long>(row.get<unsigned long long>(column));
    default:
      throw soci::soci_error("a column of a type that store/sql.h does not read");
  }
}

Row copy(const soci::row& row) {
  std::vector<Value::Stored> columns;
  for (std::size_t i = 0; i < row.size(); ++i) columns.push_back(column_of(row, i));
  return Row(std::move(columns));
}

}  // namespace

bool Row::null(std::size_t column) const {
  return std::holds_alternative<std::monostate>(columns_.at(column));
}

std::int64_t Row::number(std::size_t column) const {
  if (null(column)) return 0;
  return std::get<long long>(columns_.at(column));
}

std::string Row::text(std::size_t column) const {
  if (null(column)) return "";
  return std::get<std::string>(columns_.at(column));
}

std::int64_t Sql::run(std::string_view text, const Values& values) {
  soci::statement statement(session_);
  const Bound bound(statement, values);
  prepare(statement, text);
  statement.execute(true);
  return statement.get_affected_rows();
}

std::vector<Row> Sql::rows(std::string_view text, const Values& values) {
  soci::row row;
  soci::statement statement(session_);
  statement.exchange(soci::into(row));
  const Bound bound(statement, values);
  prepare(statement, text);
  std::vector<Row> found;
  for (bool more = statement.execute(true); more; more = statement.fetch()) {
    found.push_back(copy(row));
  }
  return found;
}

std::optional<Row> Sql::row(std::string_view text, const Values& values) {
  auto found = rows(text, values);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::int64_t Sql::number(std::string_view text, const Values& values) {
  long long number = 0;
  soci::indicator indicator = soci::i_ok;
  soci::statement statement(session_);
  statement.exchange(soci::into(number, indicator));
  const Bound bound(statement, values);
  prepare(statement, text);
  const bool found = statement.execute(true);
  return found && indicator == soci::i_ok ? number : 0;
}

std::int64_t next_change(Sql& sql) {
  sql.run("UPDATE change_counter SET value = value + 1 WHERE id = 1");
  return sql.number("SELECT value FROM change_counter WHERE id = 1");
}

}  // namespace butai::store
