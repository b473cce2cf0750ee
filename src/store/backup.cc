#include "store/backup.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

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

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// Ours with the address of the server in it, as libpq reads it: among a program's arguments everybody on
// this machine would see the password.
Expected<std::vector<std::string>> environment_with(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(url.c_str(), nullptr));
  if (!options) return problem("[store] url is no address of a PostgreSQL server");
  std::map<std::string, std::string> values;
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->envvar != nullptr && one->val != nullptr) values[one->envvar] = one->val;
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = std::min(text.find('='), text.size());
    values.emplace(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
  std::vector<std::string> environment;
  for (const auto& [name, value] : values) {
    environment.push_back(fmt::format("{}={}", name, value));
  }
  return environment;
}

std::vector<char*> pointers_of(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A program of PostgreSQL's, to its end; what it has to say it says on standard error.
Expected<void> run(std::vector<std::string> words, const std::string& url) {
  auto environment = environment_with(url);
  if (!environment) return std::unexpected(environment.error());
  pid_t child = 0;
  const int error = posix_spawnp(&child, words.front().c_str(), nullptr, nullptr,
                                 pointers_of(words).data(), pointers_of(*environment).data());
  if (error != 0) {
    return problem(fmt::format("{} cannot be started: {}; Debian has it in postgresql-client",
                               words.front(), strerror(error)));
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return problem(words.front() + " failed, and said why");
  }
  return {};
}

Expected<void> dump(const std::string& url, const std::string& to) {
  return run({"pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file=" + to}, url);
}

Expected<void> bring_back(const std::string& copy_file, const std::string& url) {
  // The empty address: all of it is in the environment.
  return run({"pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges",
              "--single-transaction", "--dbname=postgresql://", "--", copy_file},
             url);
}

}  // namespace

Expected<void> backup(const DatabaseOptions& from, const std::string& to) {
  const bool is_file = from.url.empty();
  if (is_file && !file_exists(from.path)) {
    return problem(from.path + " is not there; is --data the server's folder?");
  }
  const auto made = create_file(to, {});
  if (!made) return std::unexpected(made.error());
  if (*made == Created::AlreadyThere) return problem(to + " is there already; choose another name");
  auto copied = is_file ? copy(from.path, to) : dump(from.url, to);
  std::error_code ignored;
  if (!copied) std::filesystem::remove(to, ignored);
  return copied;
}

Expected<void> restore(const std::string& copy_file, const DatabaseOptions& to) {
  if (!file_exists(copy_file)) return problem(copy_file + " is not there");
  if (!to.url.empty()) return bring_back(copy_file, to.url);
  if (const auto made = create_file(to.path, {}); !made) return std::unexpected(made.error());
  return copy(copy_file, to.path);
}

}  // namespace butai::store
