// Plays that were ended, kept where the next start of this node and every other node find them until no
// address of theirs is valid any more.
//   load()          at start, before the first request
//   look()          what other nodes ended since the last look
//   when_written()  for whoever ended one: the answer comes when no crash can bring it back
// Whether a play was ended is asked of Plays alone, from memory: no request waits for the database.
// Flow:   Plays::end -> table ended_play -> load, look -> Plays::revoke
// Thread: any; load() blocks.
// Limits: those of Plays (kRevokedMax, in portions of as many); rows that are over go with the next one.
#pragma once

#include <atomic>  // of look(), whose answers come back on another thread than it may be called from
#include <functional>
#include <string_view>
#include <vector>

#include "access/plays.h"
#include "base/clock.h"
#include "base/executor.h"
#include "store/database.h"

namespace butai::access {

class EndedPlays {
 public:
  // From now on every play that ends here is written. `home` hears of writes that failed.
  EndedPlays(store::Database& database, Plays& plays, const Clock& clock, Executor& home);

  std::expected<void, store::Failure> load();
  void look();
  // `done` on `home`; false: it is ended here, and would be valid again after a restart.
  void when_written(std::string_view id, Executor& home, std::move_only_function<void(bool)> done);

 private:
  struct Ended {
    Id128 id{};
    Utc until;
    std::int64_t number = 0;
  };
  void write(const Id128& id, Utc until);
  static std::vector<Ended> since(store::Session& session, std::int64_t number, Utc now);
  void take(const std::vector<Ended>& ended);

  store::Database& database_;
  Plays& plays_;
  const Clock& clock_;
  Executor& home_;
  std::atomic<std::int64_t> seen_{0};
};

}  // namespace butai::access
