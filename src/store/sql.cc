#include "store/sql.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <deque>
#include <exception>
#include <utility>

#include "base/log.h"
#include "store/engine.h"

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

// One execution of a statement: what SOCI writes into and reads from stays at one address until it ends.
class Asked {
 public:
  template <class... Into>
  Asked(Session& session, std::string_view text, const Sql::Values& values, Into&&... into)
      : kept_(engine_of(session) == Engine::Sqlite),
        statement_(kept_ ? session.prepared(text, named) : soci::statement(session)) {
    (statement_.exchange(std::forward<Into>(into)), ...);
    for (const Value& value : values) bind(value.stored());
    if (!kept_) {
      statement_.alloc();
      // Asked once: PostgreSQL then needs one round trip, not three.
      statement_.prepare(named(text), soci::details::st_one_time_query);
    }
    statement_.define_and_bind();
  }
  // The next execution binds values of its own.
  ~Asked() { statement_.bind_clean_up(); }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  soci::statement* operator->() { return &statement_; }

 private:
  void bind(const Value::Stored& stored) {
    values_.push_back(stored);
    Value::Stored& kept = values_.back();
    if (auto* number = std::get_if<long long>(&kept)) {
      statement_.exchange(soci::use(*number));
    } else if (auto* text = std::get_if<std::string>(&kept)) {
      statement_.exchange(soci::use(*text));
    } else {
      kept = std::string();
      nulls_.push_back(soci::i_null);
      statement_.exchange(soci::use(std::get<std::string>(kept), nulls_.back()));
    }
  }

  const bool kept_;
  std::deque<Value::Stored> values_;
  std::deque<soci::indicator> nulls_;
  soci::statement statement_;
};

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
  Asked statement(session_, text, values);
  statement->execute(true);
  return statement->get_affected_rows();
}

std::vector<Row> Sql::rows(std::string_view text, const Values& values) {
  soci::row row;
  Asked statement(session_, text, values, soci::into(row));
  std::vector<Row> found;
  for (bool more = statement->execute(true); more; more = statement->fetch()) {
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
  Asked statement(session_, text, values, soci::into(number, indicator));
  bool more = statement->execute(true);
  const std::int64_t first = more && indicator == soci::i_ok ? number : 0;
  while (more) more = statement->fetch();  // to its end: a kept statement would go on reading
  return first;
}

std::int64_t next_change(Sql& sql, Counter counter) {
  return sql.number("UPDATE change_counter SET value = value + 1 WHERE id = ? RETURNING value",
                    {static_cast<std::int64_t>(counter)});
}

Moment::Moment(Session& session) : session_(session) {
  if (session_.may() == Session::May::Read) session_ << "BEGIN ISOLATION LEVEL REPEATABLE READ";
}

Moment::~Moment() {
  if (session_.may() == Session::May::Write) return;
  try {
    session_ << "COMMIT";                  // nothing was written; after a failure it is a rollback
  } catch (const std::exception& error) {  // the connection is gone, which the next piece finds
    log::warning("a look at the database did not end well", {{"why", error.what()}});
  }
}

}  // namespace butai::store
