// Sessions of people in browsers: the cookie butai_session, of which the database keeps only a hash.
//   start()    a random token, its row, and the word that writes must carry (X-CSRF-Token)
//   find()     who that is, from memory: a request never waits for the database
//   end(), end_all()
//   look()     what other nodes wrote since the last look
// Flow:   POST /api/v1/session -> start; AccessGuard -> find
// Thread: find() from any; the mutex is held for one look-up. The rest calls back on `home`.
// Limits: kSessionLife, kSessionsMax (the oldest leave memory first, and their people sign in again).
#pragma once

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

struct Session {
  std::string account;  // its id
  std::string name;     // the subject of what it may
  std::vector<std::string> scopes;
  Utc expires;
};

class Sessions {
 public:
  Sessions(store::Database& database, const Secret& secret, const Clock& clock, Random& random);

  struct Started {
    std::string token;
    std::string csrf;
  };
  void start(const Account& account, Executor& home,
             std::move_only_function<void(std::expected<Started, store::Failure>)> done);
  std::optional<Session> find(std::string_view token) const;
  std::string csrf_of(std::string_view token) const;

  using Ended = std::move_only_function<void(std::expected<void, store::Failure>)>;
  void end(std::string_view token, Executor& home, Ended done);
  void end_all(const std::string& account, Executor& home, Ended done);

  // Blocking, at start.
  std::expected<void, store::Failure> load();
  void look(Executor& home);

 private:
  struct Change {
    std::string hash;
    Session session;
    bool ended = false;
    std::int64_t number = 0;
  };
  static std::vector<Change> changes_since(soci::session& sql, std::int64_t number, Utc now);
  std::string hash_of(std::string_view token) const;
  void take(std::vector<Change> changes);
  std::int64_t seen() const;
  void end_where(std::string column, std::string value, Executor& home, Ended done);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  Key32 key_;
  mutable std::mutex mutex_;                           // every loop asks, one writes
  std::unordered_map<std::string, Session> sessions_;  // by hash
  std::int64_t seen_ = 0;
};

// The token of the request's cookie, if there is one.
std::optional<std::string_view> session_cookie_of(const net::Request& request);

}  // namespace butai::access
