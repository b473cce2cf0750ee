// A connection to the database, and the statements that were prepared on it.
// Thread: the one that uses the connection.
#pragma once

#include <soci/session.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace soci {
class statement;
}

namespace butai::store {

class Session : public soci::session {
 public:
  // Read: a connection that PostgreSQL lets write nothing, and on which no transaction is begun for each piece.
  enum class May : std::uint8_t { Write, Read };
  explicit Session(May may = May::Write);
  ~Session();
  May may() const { return may_; }

  // The statement that `write` makes of `text`, prepared once. SQLite compiles a statement each time it
  // is prepared, which costs more than most of ours take to run.
  soci::statement prepared(std::string_view text, std::string (*write)(std::string_view));

 private:
  struct Statements;
  May may_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace butai::store
