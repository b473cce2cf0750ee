// Copies of the database while others write, and back.
//   SQLite      page by page, by its online backup; between two pieces writers get their turn
//   PostgreSQL  by its own pg_dump and pg_restore (Debian: postgresql-client): one moment, one transaction
// Thread: blocking, for commands.
// Limits: kBackupPagesAtOnce.
#pragma once

#include <string>

#include "base/problem.h"
#include "store/database.h"

namespace butai::store {

// `to` must not be there yet; it is made with mode 0600 and is a whole copy, or is gone again.
Expected<void> backup(const DatabaseOptions& from, const std::string& to);
// The copy becomes the database; what was there is replaced, or all of it stays where that fails. The server
// must be stopped: it holds in memory what is not true any more.
Expected<void> restore(const std::string& copy, const DatabaseOptions& to);

}  // namespace butai::store
