// The configuration as it is now: read by every loop, replaced by SIGHUP.
// Thread: any. The mutex is held for one copy of a pointer; requests never hold it across work.
#pragma once

#include <memory>
#include <mutex>

#include "access/gatekeeper.h"
#include "app/config.h"

namespace butai::app {

class LiveConfig final : public access::ChannelRules {
 public:
  explicit LiveConfig(Config config) : now_(std::make_shared<const Config>(std::move(config))) {}

  std::shared_ptr<const Config> get() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void replace(Config config) {
    auto next = std::make_shared<const Config>(std::move(config));
    const std::lock_guard lock(mutex_);
    now_ = std::move(next);
  }

  std::optional<access::Access> access_of(std::string_view channel) const override {
    const auto config = get();
    const std::string name(channel);
    if (!config->channel_options(name)) return std::nullopt;
    switch (config->channel(name).access) {
      case Access::Public:
        return access::Access::Public;
      case Access::Ticket:
        return access::Access::Ticket;
      case Access::Token:
        break;
    }
    return access::Access::Token;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Config> now_;
};

}  // namespace butai::app
