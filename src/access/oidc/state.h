// What we have to remember between sending somebody away and their coming back.
//   state    in the address, signed: where they were, so that a browser without our cookie can begin again
//   cookie   encrypted: nonce, PKCE verifier, whose account gets the identity. It counts only with its state
// Thread: any; pure.
// Limits: kSignInLife, kReturnBytesMax, kStateBytesMax.
// Spec:   OpenID Connect Core 1.0 section 3.1.2.1; RFC 7636 (PKCE, S256); RFC 9700 section 4.7.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/locked.h"
#include "access/secret.h"
#include "base/random.h"
#include "base/time.h"

namespace butai::access::oidc {

using StateId = std::array<std::uint8_t, 16>;

struct State {
  StateId id{};
  Utc expires;
  int tries = 0;          // how often a cookie was missing
  std::string return_to;  // own path
};

struct Memory {
  StateId id{};
  std::string provider;
  std::string nonce;
  std::string verifier;  // PKCE
  std::string account;   // that gets the identity; empty: sign in
};

class StateSeal {
 public:
  StateSeal(const Secret& secret, Random& random)
      : state_key_(secret.derived("butai sign-in state 1")),
        memory_key_(secret.derived("butai sign-in cookie 1")),
        random_(random) {}

  struct Begun {
    State state;
    Memory memory;
  };
  Begun begin(std::string_view provider, std::string_view return_to, std::string_view account,
              int tries, Utc now);

  std::string seal(const State& state) const;
  std::optional<State> open_state(std::string_view text, Utc now) const;
  std::string lock(const Memory& memory);
  std::optional<Memory> open_memory(std::string_view text) const;

 private:
  Key32 state_key_, memory_key_;
  Random& random_;
};

std::string code_challenge(std::string_view verifier);  // S256

}  // namespace butai::access::oidc
