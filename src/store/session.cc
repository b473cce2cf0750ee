#include "store/session.h"

#include <soci/soci.h>

#include <functional>
#include <map>

#include "store/limits.h"

namespace butai::store {

struct Session::Statements {
  std::map<std::string, soci::statement, std::less<>> by_text;
};

Session::Session(May may) : may_(may), statements_(std::make_unique<Statements>()) {}

Session::~Session() = default;

soci::statement Session::prepared(std::string_view text, std::string (*write)(std::string_view)) {
  auto& kept = statements_->by_text;
  if (const auto found = kept.find(text); found != kept.end()) {
    log_query(found->first);
    return found->second;
  }
  if (kept.size() >= kStatementsKept) kept.clear();
  soci::statement statement(*this);
  statement.alloc();
  statement.prepare(write(text));
  kept.emplace(text, statement);
  return statement;
}

}  // namespace butai::store
