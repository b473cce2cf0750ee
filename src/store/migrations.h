// The tables, as a numbered list that only grows: number N is applied once, in order, each in its
// own transaction. A database that is newer than this program is refused, never guessed at.
// Thread: the one that opens the database, at start.
#pragma once

#include <span>
#include <string_view>

#include "base/problem.h"

namespace soci {
class session;
}

namespace butai::store {

struct Migration {
  int number;  // 1, 2, 3 … without gaps
  std::string_view name;
  std::string_view sql;              // one statement that both SQLite and PostgreSQL understand
  std::string_view postgresql = {};  // instead of it, where they differ
};

std::span<const Migration> migrations();

// Applies what is missing. Throws what SOCI throws (Database::open catches); a Problem is ours.
Expected<void> migrate(soci::session& sql, std::span<const Migration> list);

}  // namespace butai::store
