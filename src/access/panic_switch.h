// The panic switch: while it is on, whatever watching does not need rests (net::Policy::rests), and whoever
// asks for it is told to come back in a minute. Kept in the database, so that every node follows within a
// second; where the database is away, the node that was told follows alone.
//   butai panic on | POST /api/v1/panic -> write() -> look() on each node -> on()
// Thread: on() from any; the rest as said at each.
#pragma once

#include <atomic>  // every loop asks before every answer
#include <functional>

#include "base/executor.h"
#include "net/http.h"
#include "store/database.h"

namespace butai::store {
class Sql;
}

namespace butai::access {

class PanicSwitch {
 public:
  explicit PanicSwitch(store::Database& database) : database_(database) {}

  bool on() const { return on_.load(std::memory_order_relaxed); }
  // At once here; `done` is told on `home` whether it was written for the others.
  void set(bool on, Executor& home, std::move_only_function<void(bool written)> done);
  // What the database says holds here; then `then`, on `home`.
  void look(Executor& home, std::move_only_function<void()> then = [] {});

  // Inside a transaction.
  static void write(store::Sql& sql, bool on);
  static bool read(store::Sql& sql);

 private:
  store::Database& database_;
  std::atomic<bool> on_{false};
};

// 503 with Retry-After: a page for browsers, a problem for programs.
net::Response resting_answer(const net::Request& request);

}  // namespace butai::access
