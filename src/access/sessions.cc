#include "access/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "access/limits.h"
#include "access/mac.h"
#include "access/scopes.h"
#include "store/sql.h"

namespace butai::access {

Sessions::Sessions(store::Database& database, const Secret& secret, const Clock& clock,
                   Random& random, SecondFactor second_factor)
    : database_(database),
      clock_(clock),
      random_(random),
      second_factor_(second_factor),
      key_(secret.derived("butai session 1")) {}

std::string Sessions::hash_of(std::string_view token) const {
  return base64url(hmac_sha256(key_, as_bytes(fmt::format("session:{}", token))));
}

std::string Sessions::csrf_of(std::string_view token) const {
  return base64url(hmac_sha256(key_, as_bytes(fmt::format("csrf:{}", token))));
}

void Sessions::start(const Account& account, Executor& home,
                     std::move_only_function<void(std::expected<Started, store::Failure>)> done) {
  std::array<std::uint8_t, 32> bytes;
  random_.fill(bytes);
  const std::string token = base64url(bytes);
  const Utc now = clock_.utc();
  Change change{hash_of(token),
                {account.id, account.name, scopes_of(account, false), now + kSessionLife, false},
                false,
                0};
  {
    const std::lock_guard lock(mutex_);
    starts_.push_back({std::move(change), token, &home, std::move(done)});
    if (std::exchange(starting_, true)) return;
  }
  begin_starts();
}

void Sessions::begin_starts() {
  std::vector<Start> group;
  {
    const std::lock_guard lock(mutex_);
    group.swap(starts_);
    starting_ = !group.empty();
  }
  if (!group.empty()) write(std::move(group), [this] { begin_starts(); });
}

void Sessions::write(std::vector<Start> starts, std::move_only_function<void()> then) {
  Executor& home = *starts.front().home;
  std::vector<std::pair<std::string, Session>> rows;
  for (const Start& one : starts) rows.emplace_back(one.change.hash, one.change.session);
  database_.run<bool>(
      store::Lane::House, home,
      [rows = std::move(rows), now = micros_of(clock_.utc())](store::Session& session) {
        store::Sql sql(session);
        const std::int64_t number = store::next_change(sql, store::Counter::People);
        std::string marks;
        store::Sql::Values values;
        for (const auto& [hash, one] : rows) {
          marks += marks.empty() ? "(?, ?, ?, ?, ?)" : ", (?, ?, ?, ?, ?)";
          values.insert(values.end(), {hash, one.account, now, micros_of(one.expires), number});
        }
        sql.run(
            "INSERT INTO account_session (hash, account, created_at, expires_at,"
            " change_number) VALUES " +
                marks,
            values);
        return true;
      },
      [this, starts = std::move(starts),
       then = std::move(then)](std::expected<bool, store::Failure> written) mutable {
        // One of them may be nobody's any more: the others are not to suffer from it.
        if (!written && starts.size() > 1) {
          for (Start& one : starts) {
            std::vector<Start> alone;
            alone.push_back(std::move(one));
            write(std::move(alone), [] {});
          }
          return then();
        }
        for (Start& one : starts) {
          std::expected<Started, store::Failure> told = Started{one.token, csrf_of(one.token)};
          if (written) {
            // Numbered 0: others may have written before us, and look() still has to see them.
            std::vector<Change> changes;
            changes.push_back(std::move(one.change));
            take(std::move(changes));
          } else {
            told = std::unexpected(written.error());
          }
          one.home->post([done = std::move(one.done), told = std::move(told)]() mutable {
            done(std::move(told));
          });
        }
        then();
      });
}

std::optional<Session> Sessions::find(std::string_view token) const {
  const std::string hash = hash_of(token);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(hash);
  if (found == sessions_.end() || found->second.expires <= clock_.utc()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Sessions::scopes_of(const Account& account, bool proved) const {
  const bool all = proved || second_factor_ == SecondFactor::Off;
  return all ? account.granted() : account.granted_to_one_factor();
}

void Sessions::prove(std::string_view token, Executor& home, Ended done) {
  mark("proved_at", "hash", hash_of(token), home, std::move(done));
}

void Sessions::end(std::string_view token, Executor& home, Ended done) {
  mark("ended_at", "hash", hash_of(token), home, std::move(done));
}

void Sessions::end_all(const std::string& account, Executor& home, Ended done) {
  mark("ended_at", "account", account, home, std::move(done));
}

void Sessions::mark(std::string column, std::string where, std::string value, Executor& home,
                    Ended done) {
  const Utc now = clock_.utc();
  database_.run<std::vector<Change>>(
      store::Lane::House, home,
      [this, column, where, value, now](store::Session& session) {
        store::Sql sql(session);
        const std::int64_t number = store::next_change(sql, store::Counter::People);
        sql.run(fmt::format("UPDATE account_session SET {} = ?, change_number = ?"
                            " WHERE {} = ? AND ended_at IS NULL",
                            column, where),
                {micros_of(now), number, value});
        auto changes = changes_since(session, number - 1, now);
        for (Change& change : changes) change.number = 0;
        return changes;
      },
      [this, done = std::move(done)](auto marked) mutable {
        if (!marked) return done(std::unexpected(marked.error()));
        take(std::move(*marked));
        done({});
      });
}

std::vector<Sessions::Change> Sessions::changes_since(store::Session& session, std::int64_t number,
                                                      Utc now) const {
  std::vector<Change> changes;
  store::Sql sql(session);
  for (const store::Row& row : sql.rows(
           "SELECT s.hash, s.account, s.expires_at, s.ended_at, s.change_number, a.name, a.role,"
           " a.scopes, s.proved_at, a.email, a.display_name, a.language FROM account_session s "
           "JOIN account a ON a.id = s.account"
           " WHERE s.change_number > ? AND s.expires_at > ? ORDER BY s.change_number LIMIT ?",
           {number, micros_of(now), static_cast<std::int64_t>(kSessionsMax)})) {
    Account account;
    account.id = row.text(1);
    account.name = row.text(5);
    account.role = role_of(row.text(6)).value_or(Role::Viewer);
    account.scopes = parse_scopes(row.text(7));
    if (!row.null(9)) account.email = row.text(9);
    account.display_name = row.text(10);
    account.language = row.text(11);
    const bool proved = !row.null(8);
    changes.push_back(
        {row.text(0),
         {row.text(1), row.text(5), scopes_of(account, proved), utc_of(row.number(2)), proved},
         !row.null(3),
         row.number(4),
         std::move(account)});
  }
  return changes;
}

void Sessions::take(std::vector<Change> changes) {
  for (const Change& change : changes) {
    if (!change.ended && !change.account.id.empty()) on_account_(change.account);
  }
  const std::lock_guard lock(mutex_);
  for (Change& change : changes) {
    seen_ = std::max(seen_, change.number);
    if (change.ended) {
      sessions_.erase(change.hash);
    } else if (sessions_.size() < kSessionsMax || sessions_.contains(change.hash)) {
      sessions_[change.hash] = std::move(change.session);
    } else {
      std::erase_if(sessions_,
                    [now = clock_.utc()](const auto& one) { return one.second.expires <= now; });
      if (sessions_.size() >= kSessionsMax) sessions_.erase(sessions_.begin());
      sessions_[change.hash] = std::move(change.session);
    }
  }
}

std::int64_t Sessions::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::expected<void, store::Failure> Sessions::load() {
  auto changes = database_.run_and_wait<std::vector<Change>>(
      [this, now = clock_.utc()](store::Session& session) {
        return changes_since(session, 0, now);
      });
  if (!changes) return std::unexpected(changes.error());
  take(std::move(*changes));
  return {};
}

void Sessions::look(Executor& home, std::move_only_function<void()> then) {
  database_.run<std::vector<Change>>(
      store::Lane::House, home,  // behind what ends one, so that it does not come back
      [this, number = seen(), now = clock_.utc()](store::Session& session) {
        return changes_since(session, number, now);
      },
      [this, then = std::move(then)](auto changes) mutable {
        if (changes) take(std::move(*changes));
        then();
      });
}

std::optional<std::string_view> cookie_of(const net::Request& request, std::string_view name) {
  const auto header = request.headers.find("Cookie");
  if (!header) return std::nullopt;
  std::string_view rest = *header;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> session_cookie_of(const net::Request& request) {
  return cookie_of(request, kSessionCookie);
}

}  // namespace butai::access
