// The key provider that makes keys itself: random, one per use, kept in the vault.
// Flow:   drm::KeySchedule -> here -> Vault
// Thread: fetch() from any loop; answers are posted to it.
#pragma once

#include <vector>

#include "drm/key_provider.h"
#include "drm/signalling.h"
#include "keys/vault.h"

namespace butai::keys {

// A key per use, each with a random id, IV and first IV of the sequence; signals are left empty.
std::vector<drm::ContentKey> make_keys(Random& random);

class BuiltInKeys final : public drm::KeyProvider {
 public:
  BuiltInKeys(Vault& vault, Random& random, std::vector<drm::RealSystem> systems)
      : vault_(vault), random_(random), systems_(std::move(systems)) {}
  void fetch(const drm::KeyRequest& request, Executor& home, Done done) override;

 private:
  Vault& vault_;
  Random& random_;
  std::vector<drm::RealSystem> systems_;  // that are signalled
};

}  // namespace butai::keys
