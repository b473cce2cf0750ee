// One identity provider at run time: what it says of itself and its keys, fetched ahead and kept, so that
// signing in waits for it only where it must, and nothing after signing in does.
// Flow:   Refresher -> discovery document, JWKS -> known()
// Thread: the Refresher's; known() and refresh() from any loop, `done` is posted to `home`. Must die before the
//         executors it posts to.
// Limits: kJwksEvery, kJwksMissEvery, kJwksTimeout.
#pragma once

#include <functional>
#include <memory>

#include "access/oidc/discovery.h"
#include "access/oidc/settings.h"
#include "base/clock.h"
#include "base/executor.h"

namespace butai::access::oidc {

class Provider {
 public:
  Provider(Settings settings, const Clock& clock);
  ~Provider();
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  struct Known {
    Metadata metadata;
    Keys keys;  // those that the settings allow
  };
  const Settings& settings() const;
  std::shared_ptr<const Known> known() const;  // null: it could not be asked yet
  // Asks it now, unless it was asked a moment ago.
  void refresh(Executor& home, std::move_only_function<void()> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::access::oidc
