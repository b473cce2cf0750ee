// The one database, behind SOCI: a SQLite file by default, PostgreSQL by URL.
//   auto database = store::Database::open({.path = data + "/butai.db"});
//   (*database)->run<int>(loop, [](Session& sql) { ...; return 1; },
//                         [exchange = ...](std::expected<int, store::Failure> result) { ... });
// Flow:   handler on a loop -> bounded queue -> the database's own thread -> back to that loop
// Group commit: what waits when the thread is free is one transaction with one sync to disk, each
//         piece behind a savepoint of its own; every `done` is called after that commit. While a disk
//         syncs, the next group gathers.
// Lanes:  a PostgreSQL server may be far away, so that pieces take seconds: those of one lane do not wait
//         for those of another. A SQLite file has one connection, which takes every lane's in their order.
// Thread: open() blocks, at start. run() from any thread; `work` runs on a thread of the database, within
//         a lane that writes one piece after another; `done` is posted to `home`, exactly once. Destroying
//         the database finishes what is queued, so it must die before the executors it posts to.
// Limits: store/limits.h (queue of a lane; a full one answers Failure::Busy at once, and so is a piece
//         answered that waited too long: whoever asked has left or asks again).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/executor.h"
#include "base/problem.h"
#include "store/failure.h"
#include "store/limits.h"
#include "store/migrations.h"

namespace butai::store {

class Session;

struct DatabaseOptions {
  std::string path = {};  // SQLite file; made with mode 0600, migrated to the newest version
  std::string url = {};   // postgresql://…: that server instead of the file
  std::span<const Migration> tables = migrations();
  Millis wait_most = kDatabaseWaitMost;
};

enum class Lane : std::uint8_t {
  Sale,  // whatever does not say otherwise; sales are in the order of this lane
  House,  // accounts, sessions, plays, letters, keys: what shares no lock with a sale (Counter::People)
  // Reads only, several at a time: what was committed, each statement seeing its own moment where
  // a Moment (sql.h) does not hold one. PostgreSQL refuses to write here.
  Looks,
};

class Database {
 public:
  // Opens and migrates. Fails with a sentence that names the file and what to do.
  static Expected<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // All or nothing: `work` returns and is committed, or throws and nothing of it happened.
  template <class T>
  using Work = std::move_only_function<T(Session&)>;
  template <class T>
  using Done = std::move_only_function<void(std::expected<T, Failure>)>;

  template <class T>
  void run(Executor& home, Work<T> work, Done<T> done) {
    run<T>(Lane::Sale, home, std::move(work), std::move(done));
  }
  template <class T>
  void run(Lane lane, Executor& home, Work<T> work, Done<T> done);
  // The same, waiting for the result: for start-up and commands, never on a loop.
  template <class T>
  std::expected<T, Failure> run_and_wait(Work<T> work) {
    return run_and_wait<T>(Lane::Sale, std::move(work));
  }
  template <class T>
  std::expected<T, Failure> run_and_wait(Lane lane, Work<T> work);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);

  using Attempt = std::move_only_function<void(Session&)>;
  using Outcome = std::move_only_function<void(std::optional<Failure>)>;
  // Calls `outcome` on the lane's thread, or on the caller's when the queue is full.
  void submit(Lane lane, Attempt attempt, Outcome outcome);
  void submit_and_wait(Lane lane, Attempt attempt, std::optional<Failure>& failure);

  std::unique_ptr<Impl> impl_;
};

template <class T>
void Database::run(Lane lane, Executor& home, Work<T> work, Done<T> done) {
  auto result = std::make_shared<std::optional<T>>();
  submit(
      lane, [work = std::move(work), result](Session& sql) mutable { *result = work(sql); },
      [&home, done = std::move(done), result](std::optional<Failure> failure) mutable {
        home.post([done = std::move(done), result, failure]() mutable {
          if (failure) return done(std::unexpected(*failure));
          done(std::move(**result));
        });
      });
}

template <class T>
std::expected<T, Failure> Database::run_and_wait(Lane lane, Work<T> work) {
  std::optional<T> result;
  std::optional<Failure> failure;
  submit_and_wait(lane, [&work, &result](Session& sql) { result = work(sql); }, failure);
  if (failure) return std::unexpected(*failure);
  return std::move(*result);
}

}  // namespace butai::store
