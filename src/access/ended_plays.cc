#include "access/ended_plays.h"

#include <algorithm>

#include "access/limits.h"
#include "access/mac.h"
#include "base/log.h"
#include "store/sql.h"

namespace butai::access {

EndedPlays::EndedPlays(store::Database& database, Plays& plays, const Clock& clock, Executor& home)
    : database_(database), plays_(plays), clock_(clock), home_(home) {
  plays_.tell([this](const Id128& id, Utc until) { write(id, until); });
}

void EndedPlays::write(const Id128& id, Utc until) {
  database_.run<bool>(
      store::Lane::House, home_,
      [id = base64url(id), until, now = clock_.utc()](store::Session& session) {
        store::Sql sql(session);
        sql.run("DELETE FROM ended_play WHERE until_at <= ?", {micros_of(now)});
        const std::int64_t number = store::next_change(sql, store::Counter::People);
        sql.run(
            "INSERT INTO ended_play (id, until_at, change_number) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            {id, micros_of(until), number});
        return true;
      },
      [](std::expected<bool, store::Failure> written) {
        if (written) return;
        log::error("an ended play could not be written and would be valid after a restart",
                   {{"why", sentence(written.error())}});
      });
}

// A lane of the database that writes does one piece of work after another, so this one finds what write() left, and its answer
// comes after both are on disk.
void EndedPlays::when_written(std::string_view id, Executor& home,
                              std::move_only_function<void(bool)> done) {
  database_.run<bool>(
      store::Lane::House, home,
      [id = std::string(id)](store::Session& session) {
        store::Sql sql(session);
        return sql.number("SELECT COUNT(*) FROM ended_play WHERE id = ?", {id}) == 1;
      },
      [done = std::move(done)](std::expected<bool, store::Failure> there) mutable {
        done(there.value_or(false));
      });
}

std::vector<EndedPlays::Ended> EndedPlays::since(store::Session& session, std::int64_t number,
                                                 Utc now) {
  std::vector<Ended> ended;
  store::Sql sql(session);
  for (const store::Row& row :
       sql.rows("SELECT id, until_at, change_number FROM ended_play"
                " WHERE change_number > ? AND until_at > ? ORDER BY change_number LIMIT ?",
                {number, micros_of(now), static_cast<std::int64_t>(kRevokedMax)})) {
    const auto bytes = from_base64url(row.text(0));
    Ended one{{}, utc_of(row.number(1)), row.number(2)};
    if (!bytes || bytes->size() != one.id.size()) continue;
    std::ranges::copy(*bytes, one.id.begin());
    ended.push_back(one);
  }
  return ended;
}

void EndedPlays::take(const std::vector<Ended>& ended) {
  for (const Ended& one : ended) plays_.revoke(one.id, one.until);
  if (!ended.empty()) seen_ = std::max(seen_.load(), ended.back().number);
}

std::expected<void, store::Failure> EndedPlays::load() {
  auto ended = database_.run_and_wait<std::vector<Ended>>(
      [now = clock_.utc()](store::Session& session) { return since(session, 0, now); });
  if (!ended) return std::unexpected(ended.error());
  take(*ended);
  return {};
}

void EndedPlays::look() {
  database_.run<std::vector<Ended>>(
      store::Lane::Looks, home_,
      [number = seen_.load(), now = clock_.utc()](store::Session& session) {
        return since(session, number, now);
      },
      [this](const auto& ended) {
        if (ended) take(*ended);
      });
}

}  // namespace butai::access
