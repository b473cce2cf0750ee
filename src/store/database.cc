#include "store/database.h"

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "store/files.h"
#include "store/limits.h"
#include "store/migrations.h"

namespace butai::store {
namespace {

// SQLite's primary result code; SOCI 4.0 keeps it in sqlite3_soci_error.
Failure failure_of(const soci::soci_error& error) {
  switch (error.get_error_category()) {
    case soci::soci_error::constraint_violation:
      return Failure::Conflict;
    default:
      break;
  }
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    const int code = sqlite->result() & 0xff;  // extended codes keep the primary one below
    if (code == SQLITE_CONSTRAINT) return Failure::Conflict;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return Failure::Busy;
  }
  return Failure::Broken;
}

std::optional<Failure> attempt_in_transaction(
    soci::session& sql, std::move_only_function<void(soci::session&)>& attempt) {
  try {
    soci::transaction change(sql);  // rolls back when left by an exception
    attempt(sql);
    change.commit();
    return std::nullopt;
  } catch (const soci::soci_error& error) {
    const Failure failure = failure_of(error);
    if (failure == Failure::Broken) log::error("database failed", {{"why", error.what()}});
    return failure;
  } catch (const std::exception& error) {
    log::error("database work failed", {{"why", error.what()}});
    return Failure::Broken;
  }
}

void configure(soci::session& sql) {
  sql << fmt::format("PRAGMA busy_timeout = {}", kDatabaseBusyTimeout.count());
  std::string mode;
  sql << "PRAGMA journal_mode = WAL", soci::into(mode);
  if (mode != "wal") throw soci::soci_error("the file system does not support WAL");
  sql << "PRAGMA synchronous = FULL";
  sql << "PRAGMA foreign_keys = ON";
}

}  // namespace

std::string_view sentence(Failure failure) {
  switch (failure) {
    case Failure::Busy:
      return "The database is busy. Try again in a moment.";
    case Failure::Conflict:
      return "That exists already, or refers to something that does not.";
    case Failure::Broken:
      return "The database failed. The log of the server says why.";
  }
  return "";
}

struct Database::Impl {
  struct Piece {
    Attempt attempt;
    Outcome outcome;
  };

  soci::session sql;
  // The only lock of store/: hands pieces from the loops to the one thread that owns `sql`.
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Piece> queue;
  bool stopping = false;
  std::thread thread;

  void work() {
    while (true) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      Piece piece = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      piece.outcome(attempt_in_transaction(sql, piece.attempt));
    }
  }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->thread = std::thread([this] { impl_->work(); });
}

Database::~Database() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

Expected<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  // Made by us first, so that it and SQLite's files beside it are 0600 whatever the umask is.
  if (const auto created = create_file(options.path, {}); !created) {
    return std::unexpected(created.error());
  }
  auto impl = std::make_unique<Impl>();
  std::string why;
  try {
    impl->sql.open(soci::sqlite3, fmt::format("dbname=\"{}\"", options.path));
    configure(impl->sql);
    const auto migrated = migrate(impl->sql, migrations());
    if (!migrated) why = migrated.error().sentence;
  } catch (const std::exception& error) {
    why = fmt::format(
        "{}. Check that it is a SQLite database of butai and that this user may "
        "write it.",
        error.what());
  }
  if (!why.empty())
    return problem(fmt::format("Cannot use the database {}: {}", options.path, why));
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

void Database::submit(Attempt attempt, Outcome outcome) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->queue.size() < kDatabaseQueueMax) {
      impl_->queue.push_back({std::move(attempt), std::move(outcome)});
      impl_->wake.notify_one();
      return;
    }
  }
  outcome(Failure::Busy);
}

void Database::submit_and_wait(Attempt attempt, std::optional<Failure>& failure) {
  std::promise<std::optional<Failure>> promise;
  auto future = promise.get_future();
  submit(std::move(attempt), [&promise](std::optional<Failure> f) { promise.set_value(f); });
  failure = future.get();
}

}  // namespace butai::store
