// What every signed token has in common, whoever's it is: three base64url parts, a header that only chooses
// among keys we trust, a signature, dates that are sane numbers. What the claims mean is the caller's.
// Flow:   token_verifier.cc (bearers), oidc/id_token.cc (ID tokens) -> here
// Thread: any. Limits: kTokenBytesMax, kNumericDateMax.
// Spec:   RFC 7515, RFC 7519, RFC 8725.
#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <optional>
#include <string_view>

#include "access/key_ring.h"
#include "access/refusal.h"
#include "base/time.h"

namespace butai::access {

struct JwtParts {
  boost::json::object header;
  boost::json::object claims;
};
// Nothing is verified yet.
std::expected<JwtParts, Refusal> split_jwt(std::string_view token);

std::optional<std::string_view> text_of(const boost::json::value& value);
std::optional<std::string_view> text_member(const boost::json::object& from, std::string_view name);

// The token's alg and kid only choose among our keys; each key keeps the algorithm we gave it. Refuses headers
// that bring keys or rules of their own.
std::expected<const Key*, Refusal> choose_key(const boost::json::object& header, const Keys& keys);
bool signed_by(std::string_view token, const Key& key);

// Seconds since 1970; whole or not, but a sane number.
std::optional<Utc> numeric_date(const boost::json::value& value);

}  // namespace butai::access
