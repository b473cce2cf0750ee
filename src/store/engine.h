// What differs between SQLite and PostgreSQL: opening, durability, words for failures.
// Thread: the one that owns the session.
// SQLite:     WAL, synchronous=FULL (a commit that was answered survives power loss), foreign keys on.
// PostgreSQL: synchronous_commit=on; a server with fsync=off or full_page_writes=off is refused.
#pragma once

#include <string>
#include <string_view>

#include "store/failure.h"

namespace soci {
class session;
class soci_error;  // NOLINT(readability-identifier-naming)
}  // namespace soci

namespace butai::store {

class Session;

enum class Engine { Sqlite, PostgreSql };
Engine engine_of(soci::session& sql);

// Both throw what SOCI throws.
void open_sqlite(soci::session& sql, const std::string& path);
void open_postgresql(Session& sql, const std::string& url);
// The address with our name for the server's list of connections.
std::string with_a_pair(const std::string& url);

// The write lock of SQLite is taken at once: a reader that writes later could not wait for it.
std::string_view begin_of(soci::session& sql);
void begin(soci::session& sql);
// After the connection was lost; false when there is still nobody to talk to.
bool reconnect(Session& sql);

Failure failure_of(const soci::soci_error& error);

}  // namespace butai::store
