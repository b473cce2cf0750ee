#include "store/migrations.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/engine.h"

namespace butai::store {
namespace {

// Names are stored folded to lower case, so plain uniqueness is uniqueness without case.
constexpr Migration kMigrations[] = {
    {1, "account",
     "CREATE TABLE account ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " name VARCHAR(64) NOT NULL UNIQUE,"
     " email VARCHAR(254) UNIQUE,"
     " password_hash VARCHAR(128) NOT NULL,"
     " role VARCHAR(16) NOT NULL CHECK (role IN ('viewer', 'producer', 'admin')),"
     " scopes TEXT NOT NULL,"
     " created_at BIGINT NOT NULL)"},
    {2, "publish_key",
     "CREATE TABLE publish_key ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " channel VARCHAR(64) NOT NULL,"
     " hash VARCHAR(64) NOT NULL UNIQUE,"
     " created_at BIGINT NOT NULL)"},
    {3, "key_period",
     "CREATE TABLE key_period ("
     " channel VARCHAR(64) NOT NULL,"
     " number BIGINT NOT NULL,"
     " scheme VARCHAR(4) NOT NULL CHECK (scheme IN ('cbcs', 'cenc')),"
     " created_at BIGINT NOT NULL,"
     " PRIMARY KEY (channel, number))"},
    {4, "content_key",
     "CREATE TABLE content_key ("
     " kid VARCHAR(36) PRIMARY KEY NOT NULL,"
     " channel VARCHAR(64) NOT NULL,"
     " period BIGINT NOT NULL,"
     " track_use VARCHAR(16) NOT NULL,"
     " maker VARCHAR(16) NOT NULL CHECK (maker IN ('built-in', 'service')),"
     " iv VARCHAR(32) NOT NULL,"
     " wrapped VARCHAR(128) NOT NULL,"
     " master VARCHAR(16) NOT NULL,"
     " created_at BIGINT NOT NULL)"},
};

int version_of(soci::session& sql) {
  sql << "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY NOT NULL,"
         " name VARCHAR(64) NOT NULL)";
  int version = 0;
  sql << "SELECT COALESCE(MAX(number), 0) FROM migration", soci::into(version);
  return version;
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Expected<void> migrate(soci::session& sql, std::span<const Migration> list) {
  const int version = version_of(sql);
  const int newest = list.empty() ? 0 : list.back().number;
  if (version > newest) {
    return problem(
        fmt::format("it was written by a newer butai (its tables have version {}, this "
                    "program knows {}). Use the newer program, or another database.",
                    version, newest));
  }
  for (const Migration& next : list) {
    if (next.number <= version) continue;
    soci::transaction change(sql);
    const bool postgresql = engine_of(sql) == Engine::PostgreSql;
    // Two nodes that start together: the second one waits here, and then there is nothing to do.
    if (postgresql) sql << "LOCK TABLE migration IN EXCLUSIVE MODE";
    if (version_of(sql) >= next.number) continue;
    const std::string name(next.name);  // SOCI reads it after temporaries of the line are gone
    sql << std::string(postgresql && !next.postgresql.empty() ? next.postgresql : next.sql);
    sql << "INSERT INTO migration (number, name) VALUES (:number, :name)", soci::use(next.number),
        soci::use(name);
    change.commit();
  }
  return {};
}

}  // namespace butai::store
