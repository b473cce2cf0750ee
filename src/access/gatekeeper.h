// The one question "may this principal do this on this channel?", as a port: today answered from
// scopes and the channels' rules, later by the sale (entitlements) behind the same function.
// Flow:   AccessGuard (every request), delivery/ and licenses/ (before they attach) -> Gatekeeper
// Thread: any; implementations only read.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "access/refusal.h"
#include "net/http.h"

namespace butai::access {

enum class Access : std::uint8_t { Public, Token, Ticket };  // [channels] access

// What is configured for a channel; app/ implements it.
class ChannelRules {
 public:
  virtual ~ChannelRules() = default;
  // Nothing: there is no such channel and none may be opened (auto = false). From any thread.
  virtual std::optional<Access> access_of(std::string_view channel) const = 0;
};

enum class Action : std::uint8_t { View, Publish };

// Empty: yes. Otherwise NoCredential (nobody asks), NotAllowed or NoSuchChannel.
using Verdict = std::expected<void, Refusal>;

class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  virtual Verdict may(const net::Principal& principal, Action action,
                      std::string_view channel) const = 0;
};

// Answers from publish: and view: scopes; everybody may view a public channel.
class ScopeGatekeeper final : public Gatekeeper {
 public:
  explicit ScopeGatekeeper(const ChannelRules& rules) : rules_(rules) {}
  Verdict may(const net::Principal& principal, Action action,
              std::string_view channel) const override;

 private:
  const ChannelRules& rules_;
};

}  // namespace butai::access
