#include "store/backup.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "store/files.h"
#include "store/limits.h"

namespace butai::store {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

Expected<Handle> open(const std::string& path, int flags) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  Handle handle(opened);
  if (result != SQLITE_OK) {
    return problem(fmt::format("{} cannot be opened: {}", path, sqlite3_errstr(result)));
  }
  sqlite3_busy_timeout(opened, static_cast<int>(kDatabaseBusyTimeout.count()));
  return handle;
}

Expected<void> copy(const std::string& from, const std::string& to) {
  const auto source = open(from, SQLITE_OPEN_READONLY);
  if (!source) return std::unexpected(source.error());
  const auto target = open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!target) return std::unexpected(target.error());
  sqlite3_backup* copying = sqlite3_backup_init(target->get(), "main", source->get(), "main");
  int result = copying == nullptr ? sqlite3_errcode(target->get()) : SQLITE_OK;
  while (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED) {
    result = sqlite3_backup_step(copying, kBackupPagesAtOnce);
    if (result == SQLITE_BUSY || result == SQLITE_LOCKED) sqlite3_sleep(1);
  }
  if (copying != nullptr) sqlite3_backup_finish(copying);
  if (result != SQLITE_DONE) {
    return problem(
        fmt::format("{} could not be copied to {}: {}", from, to, sqlite3_errstr(result)));
  }
  return {};
}

}  // namespace

Expected<void> backup_sqlite(const std::string& from, const std::string& to) {
  if (!file_exists(from)) return problem(from + " is not there; is --data the server's folder?");
  const auto made = create_file(to, {});
  if (!made) return std::unexpected(made.error());
  if (*made == Created::AlreadyThere) return problem(to + " is there already; choose another name");
  auto copied = copy(from, to);
  std::error_code ignored;
  if (!copied) std::filesystem::remove(to, ignored);
  return copied;
}

Expected<void> restore_sqlite(const std::string& copy_file, const std::string& database) {
  if (!file_exists(copy_file)) return problem(copy_file + " is not there");
  if (const auto made = create_file(database, {}); !made) return std::unexpected(made.error());
  return copy(copy_file, database);
}

}  // namespace butai::store
