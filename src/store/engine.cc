#include "store/engine.h"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/log.h"
#include "store/limits.h"
#include "store/session.h"

namespace butai::store {
namespace {

void require(soci::session& sql, const std::string& setting) {
  std::string value;
  sql << "SHOW " + setting, soci::into(value);
  if (value == "on") return;
  throw soci::soci_error(
      fmt::format("the server's {} is {}; switch it on, or a power cut loses what people paid for",
                  setting, value));
}

void configure_postgresql(Session& sql) {
  require(sql, "fsync");
  require(sql, "full_page_writes");
  sql << "SET synchronous_commit = on";
  sql << fmt::format("SET lock_timeout = {}", kDatabaseBusyTimeout.count());
  sql << "SET client_min_messages = warning";  // "already exists, skipping" is no news
  if (sql.may() == Session::May::Read) sql << "SET default_transaction_read_only = on";
}

}  // namespace

std::string_view sentence(Failure failure) {
  switch (failure) {
    case Failure::Busy:
      return "The database is busy. Try again in a moment.";
    case Failure::Conflict:
      return "That exists already, or refers to something that does not.";
    case Failure::Undone:
      return "It was not done.";
    case Failure::Broken:
      return "The database failed. The log of the server says why.";
  }
  return "";
}

Engine engine_of(soci::session& sql) {
  return sql.get_backend_name() == "postgresql" ? Engine::PostgreSql : Engine::Sqlite;
}

void open_sqlite(soci::session& sql, const std::string& path) {
  sql.open(soci::sqlite3, fmt::format("dbname=\"{}\"", path));
  sql << fmt::format("PRAGMA busy_timeout = {}", kDatabaseBusyTimeout.count());
  std::string mode;
  sql << "PRAGMA journal_mode = WAL", soci::into(mode);
  if (mode != "wal" && mode != "memory") {
    throw soci::soci_error("the file system does not support WAL");
  }
  sql << "PRAGMA synchronous = FULL";
  sql << "PRAGMA foreign_keys = ON";
  sql << "PRAGMA secure_delete = ON";  // keys that are destroyed must not be left in free pages
}

// SOCI 4.0 takes the address for pairs of name=value, and writes a "=" behind one that has none.
std::string with_a_pair(const std::string& url) {
  if (url.find("application_name=") != std::string::npos || !url.starts_with("postgres"))
    return url;
  return url + (url.find('?') == std::string::npos ? '?' : '&') + "application_name=butai";
}

void open_postgresql(Session& sql, const std::string& url) {
  sql.open(soci::postgresql, with_a_pair(url));
  configure_postgresql(sql);
}

std::string_view begin_of(soci::session& sql) {
  return engine_of(sql) == Engine::Sqlite ? "BEGIN IMMEDIATE" : "BEGIN";
}

void begin(soci::session& sql) { sql << std::string(begin_of(sql)); }

bool reconnect(Session& sql) {
  // A file does not hang up. Where the last try failed there is no connection to be asked what it is.
  if (sql.get_backend() != nullptr && engine_of(sql) == Engine::Sqlite) return true;
  try {
    sql.reconnect();
    configure_postgresql(sql);
    return true;
  } catch (const std::exception& error) {
    log::error("the database cannot be reached", {{"why", error.what()}});
    return false;
  }
}

// SQLite's primary result code; SOCI 4.0 keeps it in sqlite3_soci_error.
Failure failure_of(const soci::soci_error& error) {
  if (error.get_error_category() == soci::soci_error::constraint_violation) {
    return Failure::Conflict;
  }
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    const int code = sqlite->result() & 0xff;  // extended codes keep the primary one below
    if (code == SQLITE_CONSTRAINT) return Failure::Conflict;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return Failure::Busy;
  }
  if (const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error)) {
    // Classes of PostgreSQL's appendix A: lock not available, deadlock or serialization, resources.
    const std::string state = postgres->sqlstate();
    if (state == "55P03" || state.starts_with("40") || state.starts_with("53")) {
      return Failure::Busy;
    }
  }
  return Failure::Broken;
}

}  // namespace butai::store
