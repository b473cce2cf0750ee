// The port to the picture's half: what the sale does with a channel when nobody may watch it any more.
// Flow:   Curtain -> here -> live/, keys/ (app/stage.h)
// Thread: each method says which.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "store/sql.h"

namespace butai::ticketing {

// What was in memory of a channel, counted once however many loops shared it.
struct Purged {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
};

struct DestroyedKey {
  std::string id;     // the UUID that playlists named
  bool ours = false;  // false: a DRM service made it and has a copy of its own
};

class Stage {
 public:
  virtual ~Stage() = default;
  // There for the next performance; any thread.
  virtual void open(const std::string& channel) = 0;
  // Players are told that it is over, who publishes is let go; any thread.
  virtual void end(const std::string& channel) = 0;
  // No address of the channel has anything behind it any more; `done` on `home`.
  virtual void purge(const std::string& channel, Executor& home,
                     std::move_only_function<void(Purged)> done) = 0;
  // All keys that the channel ever had, out of the database; on its thread, in the transaction that
  // writes down that they are gone.
  virtual std::vector<DestroyedKey> destroy_keys(store::Sql& sql, const std::string& channel) = 0;
  // And out of memory, after the commit; any thread.
  virtual void forget_keys(const std::string& channel) = 0;
  // Of `channels`, those without a picture now; `done` on `home`.
  virtual void find_dark(std::vector<std::string> channels, Executor& home,
                         std::move_only_function<void(std::vector<std::string>)> done) = 0;
};

}  // namespace butai::ticketing
