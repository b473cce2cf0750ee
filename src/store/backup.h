// Copies of the SQLite database, page by page, while others write: SQLite's online backup.
// Thread: blocking, for commands. PostgreSQL has pg_dump.
// Limits: kBackupPagesAtOnce; between two pieces writers get their turn.
#pragma once

#include <string>

#include "base/problem.h"

namespace butai::store {

// `to` must not be there yet; it is made with mode 0600 and is a whole database, or is gone again.
Expected<void> backup_sqlite(const std::string& from, const std::string& to);
// The copy becomes the database; what was there is replaced. The server must be stopped: it holds in
// memory what is not true any more.
Expected<void> restore_sqlite(const std::string& copy, const std::string& database);

}  // namespace butai::store
