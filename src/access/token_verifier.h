// JWT verification: which tokens are ours, whose they are and what they allow.
//   1. size, three base64url parts, JSON objects without duplicates
//   2. header: no crit, b64, jwk, jku, x5u, x5c; typ JWT; alg and kid only choose among our keys
//   3. signature with that key and that key's own algorithm (cjose)
//   4. claims: exp, nbf, iat, aud, iss, sub, scope
// Flow:   Authorization, subprotocol or first message -> here -> AccessGuard -> Principal
// Thread: any; what was verified is remembered under a mutex held for a look.
// Limits: access/limits.h (8 KiB, leeway 30 s, kTokensKnownMax).
// Spec:   RFC 7515, RFC 7519, RFC 8725.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/expiring_map.h"
#include "access/key_ring.h"
#include "access/refusal.h"
#include "base/clock.h"
#include "base/problem.h"
#include "base/time.h"

namespace butai::access {

struct VerifierRules {
  std::string audience = "butai";
  std::string issuer;  // empty: none is asked for
};

struct Token {
  std::string subject;
  std::vector<std::string> scopes;
  Utc expires;            // as claimed; sockets get kLeeway more
  bool weak_key = false;  // acceptable from loopback only
};

class TokenVerifier {
 public:
  TokenVerifier(const KeyRing& ring, const Clock& clock, VerifierRules rules)
      : ring_(ring), clock_(clock), rules_(std::move(rules)) {}

  std::expected<Token, Refusal> verify(std::string_view token) const;

 private:
  std::expected<Token, Refusal> read(std::string_view token, const Keys& keys, Utc now) const;

  const KeyRing& ring_;
  const Clock& clock_;
  VerifierRules rules_;

  // Players send the same token with every request. By a hash of their text, until they expire or
  // the keys are others.
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Keys> known_to_;
  mutable std::optional<ExpiringMap<Token>> known_;
};

// 1 to kSubjectBytesMax bytes without control characters.
bool is_subject(std::string_view sub);

// Header and claims as JSON text, unverified: for `butai token inspect` only.
struct Inspection {
  std::string header;
  std::string claims;
};
Expected<Inspection> inspect(std::string_view token);

}  // namespace butai::access
