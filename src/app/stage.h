// The sale's port to the picture's half (ticketing/catalog/stage.h), over the channels and the vault. From
// end() to open() a channel is closed: it cannot be opened, so that an encoder that comes back at once
// does not begin it anew before it is destroyed.
// Flow:   Curtain, Attendance -> here -> live::Channels, keys::Vault; House's configuration -> closed()
// Thread: any, but destroy_keys(): the database's.
#pragma once

#include <mutex>  // every loop asks closed()
#include <set>
#include <string>
#include <vector>

#include "keys/vault.h"
#include "live/channels.h"
#include "ticketing/catalog/stage.h"

namespace butai::app {

class HouseStage final : public ticketing::Stage {
 public:
  HouseStage(live::Channels& channels, keys::Vault& vault) : channels_(channels), vault_(vault) {}

  void open(const std::string& channel) override;
  void end(const std::string& channel) override;
  void purge(const std::string& channel, Executor& home,
             std::move_only_function<void(ticketing::Purged)> done) override;
  std::vector<ticketing::DestroyedKey> destroy_keys(store::Sql& sql,
                                                    const std::string& channel) override;
  void forget_keys(const std::string& channel) override { vault_.forget(channel); }
  void find_dark(std::vector<std::string> channels, Executor& home,
                 std::move_only_function<void(std::vector<std::string>)> done) override;

  bool closed(const std::string& channel) const;

 private:
  void close(const std::string& channel);

  live::Channels& channels_;
  keys::Vault& vault_;
  mutable std::mutex mutex_;
  std::set<std::string> closed_;
};

}  // namespace butai::app
