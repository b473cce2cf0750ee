// All content keys: wrapped in the database, and the newest of them open in memory for licenses.
//   begin()   the next period of a channel: its index was never given out before, restarts included
//   keep()    stores a period's keys, then makes them known to find()
//   find()    the key of an id, for a license
//   newest_kids()  those that a channel's viewers may be in need of, for a service's token
//   destroy() every key of a channel, for good; forget() then drops them from memory
//   newest()  the running or the last period of a channel, open, for an export
//   rewrap()  wraps every row with another master key
// Flow:   KeyProviders -> begin, keep; licenses -> find; `butai keys` -> list, newest, rewrap
// Thread: find() from any: the mutex is held for one map operation, because a license is asked for on
//         every loop. The rest goes through the database's thread.
// Limits: kKeysHeld.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>  // every loop asks for keys
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "drm/content_key.h"
#include "keys/master_key.h"
#include "store/database.h"

namespace butai::keys {

// Who made a key. What a key service made is handed to players by that service alone.
enum class Maker : std::uint8_t { BuiltIn, Service };

struct HeldKey {
  std::string channel;
  drm::KeyBytes key;
  Maker maker = Maker::BuiltIn;
};

struct ListedPeriod {
  std::string channel;
  std::uint64_t index = 0;
  std::string scheme;
  Utc created;
  std::vector<std::pair<std::string, std::string>> kids;  // use, UUID
};

class Vault {
 public:
  Vault(store::Database& database, const MasterKey& master, const Clock& clock, Random& random);

  // Opens what earlier runs left; says how many rows this master key cannot open. At start.
  Expected<std::size_t> open();

  void begin(const std::string& channel, media::Scheme scheme, Executor& home,
             std::move_only_function<void(Expected<std::uint64_t>)> done);
  void keep(drm::KeyPeriodPtr period, Maker maker, Executor& home,
            std::move_only_function<void(Expected<void>)> done);
  std::optional<HeldKey> find(const media::KeyId& kid) const;
  // The newest first, at most `count`. Also from any thread.
  std::vector<media::KeyId> newest_kids(const std::string& channel, std::size_t count) const;

  struct Destroyed {
    std::string kid;  // UUID
    Maker maker = Maker::BuiltIn;
  };
  // On the database's thread, inside a transaction of whoever calls. SQLite overwrites what it deletes.
  std::vector<Destroyed> destroy(store::Session& sql, const std::string& channel);
  // After its commit. Keys of the channel that were being stored meanwhile are not held either.
  void forget(const std::string& channel);

  // For commands; they wait.
  Expected<std::vector<ListedPeriod>> list();
  Expected<drm::KeyPeriod> newest(const std::string& channel);
  Expected<std::size_t> rewrap(const MasterKey& next);

 private:
  void hold(const media::KeyId& kid, HeldKey key);
  void hold(const drm::KeyPeriod& period, Maker maker);

  store::Database& database_;
  MasterKey master_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<media::KeyId, HeldKey> held_;
  std::deque<media::KeyId> oldest_first_;
  std::map<std::string, std::uint64_t> destroyed_;  // by channel: periods up to this one
};

}  // namespace butai::keys
