// Everything that stands behind a guard, wired as app/ does it, on a clock that the test moves.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "access/gatekeeper.h"
#include "access/guard.h"
#include "access/plays.h"
#include "access/scopes.h"
#include "access/testing/seeded_random.h"
#include "access/tickets.h"
#include "access/token_minter.h"
#include "access/token_verifier.h"
#include "base/testing/manual_time.h"

namespace butai::access::testing {

// Every channel needs a token, unless the test says otherwise.
class TestRules final : public ChannelRules {
 public:
  std::optional<Access> access_of(std::string_view channel) const override {
    if (unknown.contains(channel)) return std::nullopt;
    const auto found = access.find(channel);
    return found == access.end() ? Access::Token : found->second;
  }
  std::map<std::string, Access, std::less<>> access;
  std::set<std::string, std::less<>> unknown;
};

class GuardFixture {
 public:
  explicit GuardFixture(std::string secret_text = "CNRY-secret-0123456789abcdef0123456789abcdef")
      : secret(std::move(secret_text)) {}

  std::string token(std::string_view subject, std::string_view scope) {
    return minter.mint(subject, parse_scopes(scope), Seconds{600}).value();
  }
  // Would be good for everything, had it not expired an hour ago.
  std::string expired_token() {
    butai::testing::ManualTime past(time.utc() - Seconds{7200});
    const TokenMinter earlier(secret, past, random, {});
    return earlier
        .mint("ann", parse_scopes("view:main publish:main publish:cam control admin"),
              Seconds{3600})
        .value();
  }
  std::string start_play(std::string_view channel, std::string_view subject) {
    net::Principal principal;
    principal.subject = subject;
    return plays.start(channel, principal).path_token;
  }

  static net::Request request(std::string path) {
    net::Request made;
    made.path = std::move(path);
    made.peer.loopback = true;
    made.peer.origin = "https://live.example";
    return made;
  }
  static net::Request view_request(const std::string& channel) {
    net::Request made = request("/live/" + channel + "/index.m3u8");
    made.args.emplace_back("channel", channel);
    return made;
  }
  static net::Request publish_request(const std::string& channel) {
    net::Request made = request("/ws");
    made.headers.add("Upgrade", "websocket");
    if (!channel.empty()) made.query.emplace_back("channel", channel);
    return made;
  }
  static net::Request with_bearer(net::Request made, const std::string& token) {
    made.headers.add("Authorization", "Bearer " + token);
    return made;
  }
  static net::Request with_play(net::Request made, const std::string& path_token) {
    made.path_token = path_token;
    return made;
  }

  butai::testing::ManualTime time;
  SeededRandom random;
  Metrics metrics;
  TestRules rules;
  Secret secret;
  KeyRing ring{key_of(secret)};
  TokenVerifier verifier{ring, time, {}};
  TokenMinter minter{secret, time, random, {}};
  Plays plays{secret, time, random};
  Tickets tickets{secret, time, random};
  ScopeGatekeeper gatekeeper{rules};
  AccessGuard guard{verifier, plays, tickets, gatekeeper, secret, metrics};
};

}  // namespace butai::access::testing
