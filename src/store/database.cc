#include "store/database.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <soci/soci.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <initializer_list>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "store/engine.h"
#include "store/files.h"
#include "store/limits.h"
#include "store/migrations.h"
#include "store/session.h"

namespace butai::store {
namespace {

Steady now() { return SystemClock().steady(); }

struct Piece {
  std::move_only_function<void(Session&)> attempt;
  std::move_only_function<void(std::optional<Failure>)> outcome;
  Steady since = now();
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

// PostgreSQL takes several statements in one round trip.
void say(Session& sql, std::initializer_list<std::string_view> statements) {
  if (engine_of(sql) == Engine::PostgreSql) {
    sql << fmt::format("{}", fmt::join(statements, "; "));
    return;
  }
  for (const std::string_view one : statements) sql << std::string(one);
}

// What happened to each piece that was tried: all of them, or as many as kDatabaseGroupTime allows. Never throws.
std::vector<std::optional<Failure>> attempt_together(Session& sql, std::vector<Piece>& group) {
  const Steady until = now() + kDatabaseGroupTime;
  std::vector<std::optional<Failure>> results;
  const auto failure = failure_in([&] {
    say(sql, {begin_of(sql), "SAVEPOINT piece"});
    while (true) {
      const auto failed = failure_in([&] { group[results.size()].attempt(sql); });
      results.push_back(failed);
      const bool last = results.size() == group.size() || now() > until;
      const std::string_view next = last ? "COMMIT" : "SAVEPOINT piece";
      if (failed) {
        say(sql, {"ROLLBACK TO SAVEPOINT piece", "RELEASE SAVEPOINT piece", next});
      } else {
        say(sql, {"RELEASE SAVEPOINT piece", next});
      }
      if (last) return;
    }
  });
  if (!failure) return results;
  results.assign(results.empty() ? group.size() : results.size(),
                 failure);  // nothing of them is durable
  try {
    sql.rollback();
  } catch (const std::exception&) {
    reconnect(sql);  // it rolled back by itself, or the server hung up
  }
  return results;
}

// Without a transaction: nothing is written.
std::optional<Failure> attempt_look(Session& sql, Piece& piece) {
  const auto failure = failure_in([&] { piece.attempt(sql); });
  if (failure == Failure::Broken && !sql.is_connected()) reconnect(sql);
  return failure;
}

// One lane's pieces. The locks of store/: they hand pieces from the loops to the threads that own connections.
struct Queue {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Piece> pieces;
  bool stopping = false;
  std::vector<std::thread> threads;

  // Nothing: it is over. Who waited too long is told so on the way.
  std::vector<Piece> take(std::size_t most, Millis wait_most) {
    std::vector<Piece> taken, late;
    while (taken.empty()) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stopping || !pieces.empty(); });
      if (pieces.empty()) return taken;
      const Steady oldest = now() - wait_most;
      while (!pieces.empty() && taken.size() < most) {
        auto& list = !stopping && pieces.front().since < oldest ? late : taken;
        list.push_back(std::move(pieces.front()));
        pieces.pop_front();
      }
      lock.unlock();
      for (Piece& one : late) one.outcome(Failure::Busy);
      late.clear();
    }
    return taken;
  }
  void give_back(std::vector<Piece>& group, std::size_t tried) {
    const std::lock_guard lock(mutex);
    while (group.size() > tried) {
      pieces.push_front(std::move(group.back()));
      group.pop_back();
    }
  }
  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    for (std::thread& thread : threads) thread.join();
  }
};

}  // namespace

struct Database::Impl {
  Session sql;      // of Lane::Sale, and of every lane of a file
  std::string url;  // of a server
  Millis wait_most;
  std::array<Queue, 3> queues;  // by lane

  Queue& queue_of(Lane lane) { return queues.at(url.empty() ? 0 : static_cast<std::size_t>(lane)); }

  void start() {
    add(Lane::Sale, [this] { write(Lane::Sale, sql); });
    if (url.empty()) return;
    add(Lane::House, [this] {
      Session own;
      write(Lane::House, own);
    });
    for (std::size_t i = 0; i < kDatabaseLooksAtOnce; ++i) add(Lane::Looks, [this] { look(); });
  }
  void add(Lane lane, std::function<void()> work) {
    queue_of(lane).threads.emplace_back(std::move(work));
  }

  void write(Lane lane, Session& own) {
    Queue& queue = queue_of(lane);
    while (true) {
      auto group = queue.take(kDatabaseGroupMax, wait_most);
      if (group.empty()) return;
      if (const auto failure = reach(own)) {
        for (Piece& one : group) one.outcome(failure);
        continue;
      }
      const auto results = attempt_together(own, group);
      queue.give_back(group, results.size());
      for (std::size_t i = 0; i < group.size(); ++i) group[i].outcome(results[i]);
    }
  }
  void look() {
    Session own(Session::May::Read);
    while (true) {
      auto one = queue_of(Lane::Looks).take(1, wait_most);
      if (one.empty()) return;
      auto failure = reach(own);
      if (!failure) failure = attempt_look(own, one.front());
      one.front().outcome(failure);
    }
  }
  // Connections of the other lanes are made when there is something to do: most commands have nothing. And
  // one that was lost, and could not be had again at once, is looked for again.
  std::optional<Failure> reach(Session& own) {
    if (own.get_backend() != nullptr) return std::nullopt;
    return failure_in([&] {
      try {
        open_postgresql(own, url);
      } catch (const std::exception&) {
        own.close();
        throw;
      }
    });
  }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) { impl_->start(); }

Database::~Database() {
  for (Queue& queue : impl_->queues) queue.stop();
}

Expected<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  const bool file = options.url.empty();
  // Made by us first, so that it and SQLite's files beside it are 0600 whatever the umask is.
  if (file) {
    const auto created = create_file(options.path, {});
    if (!created) return std::unexpected(created.error());
  }
  auto impl = std::make_unique<Impl>();
  impl->wait_most = options.wait_most;
  std::string why;
  try {
    if (file) {
      open_sqlite(impl->sql, options.path);
    } else {
      impl->url = options.url;
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

void Database::submit(Lane lane, Attempt attempt, Outcome outcome) {
  Queue& queue = impl_->queue_of(lane);
  {
    const std::lock_guard lock(queue.mutex);
    if (queue.pieces.size() < kDatabaseQueueMax) {
      queue.pieces.push_back({std::move(attempt), std::move(outcome)});
      queue.wake.notify_one();
      return;
    }
  }
  outcome(Failure::Busy);
}

void Database::submit_and_wait(Lane lane, Attempt attempt, std::optional<Failure>& failure) {
  std::promise<std::optional<Failure>> promise;
  auto future = promise.get_future();
  submit(lane, std::move(attempt), [&promise](std::optional<Failure> f) { promise.set_value(f); });
  failure = future.get();
}

}  // namespace butai::store
