// ID tokens: who signed in, said by a provider to us alone, for this one sign-in.
//   signature with a key of the provider (RS256, ES256), or with the client's secret where the operator says so
//   iss exact; aud is us, azp us where it is there or there are several; exp, iat, nbf; nonce; sub
// Flow:   token endpoint -> sign_in.cc -> here -> Identity -> identities.h
// Thread: any; pure.
// Limits: kTokenBytesMax, kLeeway, kIdTokenAge.
// Spec:   OpenID Connect Core 1.0 section 3.1.3.7; RFC 8725.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "access/key_ring.h"
#include "access/oidc/settings.h"
#include "base/time.h"

namespace butai::access::oidc {

struct Identity {
  std::string issuer;
  std::string subject;
  std::string name;             // as the person writes it; may be empty
  std::string email;            // may be empty
  bool email_verified = false;  // the provider says so
};

// Why not, as a word for logs; "unknown_key" may be cured by the provider's newest keys.
using IdTokenFault = std::string_view;
inline constexpr IdTokenFault kUnknownKey = "unknown_key";

std::expected<Identity, IdTokenFault> verify_id_token(std::string_view token,
                                                      const Settings& settings, const Keys& keys,
                                                      std::string_view nonce, Utc now);

// The keys of a provider that its settings allow: of its document, and the client's secret for HS256.
Keys allowed_keys(const Settings& settings, Keys published);

}  // namespace butai::access::oidc
