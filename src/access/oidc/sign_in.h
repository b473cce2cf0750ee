// Signing in with somebody else's account: the authorization code flow with PKCE, on the server.
//   begin()   the provider's address to go to, and the cookie that remembers why
//   finish()  what came back: state against cookie, code for an ID token, the token's every claim, then a
//             session, or one more identity for the account that asked
// A browser that comes back without our cookie (it began inside another app's browser) begins again, once, and
// lands where it was. After a session is there, nothing asks the provider.
// Flow:   /auth/NAME/start -> begin -> provider -> /auth/NAME/callback -> finish -> Sessions
// Thread: any loop; `done` is posted to `home`.
// Limits: oidc/limits.h; answers of 256 KiB (net/outgoing.h).
// Spec:   OpenID Connect Core 1.0; RFC 6749; RFC 7636; RFC 9207 (iss); RFC 9700.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/accounts.h"
#include "access/oidc/identities.h"
#include "access/oidc/provider.h"
#include "access/oidc/state.h"
#include "access/sessions.h"
#include "net/outgoing.h"

namespace butai::access::oidc {

// All must outlive the sign-ins.
struct SignInParts {
  store::Database& database;
  Sessions& sessions;
  net::Outgoing& outgoing;
  const Secret& secret;
  const Clock& clock;
  Random& random;
  // In the transaction that makes an account whose address is not proved.
  std::function<void(store::Sql&, const Account&)> greet;
};

class SignIns {
 public:
  SignIns(const std::vector<Settings>& settings, const SignInParts& parts);

  std::vector<const Settings*> providers() const;

  struct Begin {
    std::string provider;
    std::string origin;     // of this site, as the browser sees it
    std::string return_to;  // own path
    std::string account;    // that gets the identity; empty: sign in
    int tries = 0;
  };
  // Where the browser goes, and the cookie's value for it.
  struct Away {
    std::string address;
    std::string cookie;
  };
  // Nothing: there is no such provider, no such path, or it cannot be asked now.
  void begin(Begin wish, Executor& home, std::move_only_function<void(std::optional<Away>)> done);

  struct Back {
    std::string provider, origin, language;
    std::string code, state, issuer, error;  // of the address
    std::string cookie;                      // its value; empty: there is none
    std::string account;                     // of the session that the browser has
  };
  enum class Problem : std::uint8_t {
    None,
    Again,
    Cookies,
    Cancelled,
    Provider,
    AddressTaken,
    Taken
  };
  struct Came {
    Problem problem = Problem::None;
    std::string return_to = "/";
    bool links = false;
    std::optional<Away> away;                  // begin again
    std::optional<Sessions::Started> session;  // signed in
  };
  using Done = std::move_only_function<void(Came)>;
  void finish(const Back& back, Executor& home, Done done);

 private:
  struct Exchange;
  using ExchangePtr = std::shared_ptr<Exchange>;
  Provider* find(std::string_view name) const;
  void ask_for_token(const ExchangePtr& exchange);
  void read_token(const ExchangePtr& exchange, bool again);
  void enter(const ExchangePtr& exchange, const Identity& identity);

  SignInParts parts_;
  StateSeal seal_;
  std::vector<std::unique_ptr<Provider>> providers_;
};

// The ID token in a token endpoint's answer; nothing when it is none.
std::optional<std::string> id_token_in(std::string_view answer);

}  // namespace butai::access::oidc
