// Sessions of people in browsers: the cookie butai_session, of which the database keeps only a hash.
//   start()    a random token, its row, and the word that writes must carry (X-CSRF-Token)
//   find()     who that is, from memory: a request never waits for the database
//   prove()    its person showed a second factor: from then on it may what one factor may not
//   end(), end_all()
//   look()     what other nodes wrote since the last look
// Those who start while one group of sessions is being written are one statement of the next.
// Flow:   POST /api/v1/session -> start; AccessGuard -> find
// Thread: find() from any; the mutex is held for one look-up. The rest calls back on `home`.
// Limits: kSessionLife, kSessionsMax (the oldest leave memory first, and their people sign in again).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/accounts.h"
#include "access/secret.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/http.h"
#include "store/database.h"

namespace butai::access {

inline constexpr std::string_view kSessionCookie = "butai_session";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";

// Whether control and admin need a second factor.
enum class SecondFactor : std::uint8_t { Required, Off };

struct Session {
  std::string account;  // its id
  std::string name;     // the subject of what it may
  std::vector<std::string> scopes;
  Utc expires;
  bool proved = false;  // a second factor was shown
};

class Sessions {
 public:
  Sessions(store::Database& database, const Secret& secret, const Clock& clock, Random& random,
           SecondFactor second_factor);

  struct Started {
    std::string token;
    std::string csrf;
  };
  void start(const Account& account, Executor& home,
             std::move_only_function<void(std::expected<Started, store::Failure>)> done);
  std::optional<Session> find(std::string_view token) const;
  std::string csrf_of(std::string_view token) const;

  using Ended = std::move_only_function<void(std::expected<void, store::Failure>)>;
  void prove(std::string_view token, Executor& home, Ended done);
  void end(std::string_view token, Executor& home, Ended done);
  void end_all(const std::string& account, Executor& home, Ended done);

  // Told of the account of each session that is read, on any thread; set before load().
  using OnAccount = std::function<void(const Account&)>;
  void tell(OnAccount on_account) { on_account_ = std::move(on_account); }

  // Blocking, at start.
  std::expected<void, store::Failure> load();
  // `then` on `home`, when it is in force here or could not be read.
  void look(Executor& home, std::move_only_function<void()> then = [] {});

 private:
  struct Change {
    std::string hash;
    Session session;
    bool ended = false;
    std::int64_t number = 0;
    Account account = {};  // of one that was read
  };
  struct Start {
    Change change;
    std::string token;
    Executor* home;
    std::move_only_function<void(std::expected<Started, store::Failure>)> done;
  };
  void begin_starts();
  void write(std::vector<Start> starts, std::move_only_function<void()> then);
  std::vector<Change> changes_since(store::Session& sql, std::int64_t number, Utc now) const;
  std::vector<std::string> scopes_of(const Account& account, bool proved) const;
  std::string hash_of(std::string_view token) const;
  void take(std::vector<Change> changes);
  std::int64_t seen() const;
  // Sets `column` to now where `where` is `value`, and takes in what that changed.
  void mark(std::string column, std::string where, std::string value, Executor& home, Ended done);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  SecondFactor second_factor_;
  Key32 key_;
  OnAccount on_account_ = [](const Account&) {};
  mutable std::mutex mutex_;   // every loop asks, one writes
  std::vector<Start> starts_;  // for the group after the one that is written
  bool starting_ = false;
  std::unordered_map<std::string, Session> sessions_;  // by hash
  std::int64_t seen_ = 0;
};

// The value of the request's cookie of that name, if there is one.
std::optional<std::string_view> cookie_of(const net::Request& request, std::string_view name);
std::optional<std::string_view> session_cookie_of(const net::Request& request);

}  // namespace butai::access
