// A connection to the database, and the statements that were prepared on it.
// Thread: the one that uses the connection.
#pragma once

#include <soci/session.h>

#include <memory>
#include <string>
#include <string_view>

namespace soci {
class statement;
}

namespace butai::store {

class Session : public soci::session {
 public:
  Session();
  ~Session();

  // The statement that `write` makes of `text`, prepared once. SQLite compiles a statement each time it
  // is prepared, which costs more than most of ours take to run.
  soci::statement prepared(std::string_view text, std::string (*write)(std::string_view));

 private:
  struct Statements;
  std::unique_ptr<Statements> statements_;
};

}  // namespace butai::store
