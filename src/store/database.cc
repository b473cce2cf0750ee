#include "store/database.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "store/engine.h"
#include "store/files.h"
#include "store/limits.h"
#include "store/migrations.h"
#include "store/session.h"

namespace butai::store {
namespace {

struct Piece {
  std::move_only_function<void(Session&)> attempt;
  std::move_only_function<void(std::optional<Failure>)> outcome;
};

std::optional<Failure> failure_in(const std::function<void()>& work) {
  try {
    work();
    return std::nullopt;
  } catch (const Undo&) {
    return Failure::Undone;
  } catch (const soci::soci_error& error) {
    const Failure failure = failure_of(error);
    if (failure == Failure::Broken) log::error("database failed", {{"why", error.what()}});
    return failure;
  } catch (const std::exception& error) {
    log::error("database work failed", {{"why", error.what()}});
    return Failure::Broken;
  }
}

std::optional<Failure> attempt_behind_savepoint(Session& sql, Piece& piece) {
  sql << "SAVEPOINT piece";
  const auto failure = failure_in([&] { piece.attempt(sql); });
  if (failure) sql << "ROLLBACK TO SAVEPOINT piece";
  sql << "RELEASE SAVEPOINT piece";
  return failure;
}

// What happened to each piece; never throws.
std::vector<std::optional<Failure>> attempt_together(Session& sql, std::vector<Piece>& group) {
  std::vector<std::optional<Failure>> results(group.size());
  const auto failure = failure_in([&] {
    begin(sql);
    for (std::size_t i = 0; i < group.size(); ++i) {
      results[i] = attempt_behind_savepoint(sql, group[i]);
    }
    sql.commit();
  });
  if (!failure) return results;
  results.assign(group.size(), failure);  // nothing of the group is durable
  try {
    sql.rollback();
  } catch (const std::exception&) {
    reconnect(sql);  // it rolled back by itself, or the server hung up
  }
  return results;
}

}  // namespace

struct Database::Impl {
  Session sql;
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
      std::vector<Piece> group;
      while (!queue.empty() && group.size() < kDatabaseGroupMax) {
        group.push_back(std::move(queue.front()));
        queue.pop_front();
      }
      lock.unlock();
      const auto results = attempt_together(sql, group);
      for (std::size_t i = 0; i < group.size(); ++i) group[i].outcome(results[i]);
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
  const bool file = options.url.empty();
  // Made by us first, so that it and SQLite's files beside it are 0600 whatever the umask is.
  if (file) {
    const auto created = create_file(options.path, {});
    if (!created) return std::unexpected(created.error());
  }
  auto impl = std::make_unique<Impl>();
  std::string why;
  try {
    if (file) {
      open_sqlite(impl->sql, options.path);
    } else {
      open_postgresql(impl->sql, options.url);
    }
    const auto migrated = migrate(impl->sql, options.tables);
    if (!migrated) why = migrated.error().sentence;
  } catch (const std::exception& error) {
    why = fmt::format("{}. {}", error.what(),
                      file ? "Check that it is a SQLite database of butai and that this user may "
                             "write it."
                           : "Check [store] url, and that the server runs and knows this user.");
  }
  // A URL may carry a password: it is not repeated.
  if (!why.empty()) {
    return problem(
        fmt::format("Cannot use the database {}: {}", file ? options.path : "of [store] url", why));
  }
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
