#include "access/token_verifier.h"

#include <cjose/jws.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cmath>
#include <utility>

#include "access/limits.h"
#include "access/mac.h"
#include "access/scopes.h"
#include "access/strict_json.h"

namespace butai::access {
namespace {

namespace json = boost::json;
using json::object;
template <class T>
using Checked = std::expected<T, Refusal>;

struct Parts {
  object header;
  object claims;
};

Checked<object> object_of(std::string_view part) {
  const auto bytes = from_base64url(part);
  if (!bytes) return std::unexpected(Refusal::Malformed);
  auto parsed = parse_object(as_text(*bytes));
  if (parsed) return std::move(*parsed);
  return std::unexpected(parsed.error() == JsonFault::DuplicateMember ? Refusal::DuplicateMember
                                                                      : Refusal::Malformed);
}

Checked<Parts> split(std::string_view token) {
  if (token.size() > kTokenBytesMax) return std::unexpected(Refusal::TooLarge);
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos) return std::unexpected(Refusal::Malformed);
  // A further dot is outside the alphabet, so it fails here; so does a changed last bit, which
  // would make two texts of one signature.
  if (!from_base64url(token.substr(second + 1))) return std::unexpected(Refusal::Malformed);
  auto header = object_of(token.substr(0, first));
  if (!header) return std::unexpected(header.error());
  auto claims = object_of(token.substr(first + 1, second - first - 1));
  if (!claims) return std::unexpected(claims.error());
  return Parts{std::move(*header), std::move(*claims)};
}

std::optional<std::string_view> text_of(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  return std::string_view(value.as_string().data(), value.as_string().size());
}

std::optional<std::string_view> text_member(const object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value == nullptr ? std::nullopt : text_of(*value);
}

bool is_bearer_type(std::string_view typ) {
  std::string folded(typ);
  std::ranges::transform(folded, folded.begin(), [](unsigned char c) { return std::tolower(c); });
  if (folded.starts_with("application/")) folded.erase(0, 12);
  return folded == "jwt" || folded == "at+jwt";
}

std::optional<Refusal> check_header(const object& header) {
  for (const char* name : {"crit", "b64", "jwk", "jku", "x5u", "x5c"}) {
    if (header.contains(name)) return Refusal::HeaderNotAllowed;
  }
  if (!header.contains("typ")) return std::nullopt;
  const auto typ = text_member(header, "typ");
  if (!typ || !is_bearer_type(*typ)) return Refusal::WrongType;
  return std::nullopt;
}

// The token's alg and kid only choose among our keys; each key keeps the algorithm we gave it.
Checked<const Key*> choose_key(const object& header, const Keys& keys) {
  const auto alg = text_member(header, "alg");
  if (!alg) return std::unexpected(Refusal::AlgorithmNotAllowed);
  std::vector<const Key*> candidates;
  for (const Key& key : keys) {
    if (name_of(key.algorithm) == *alg) candidates.push_back(&key);
  }
  if (candidates.empty()) return std::unexpected(Refusal::AlgorithmNotAllowed);
  if (!header.contains("kid")) {
    if (candidates.size() > 1) return std::unexpected(Refusal::KeyNotNamed);
    return candidates.front();
  }
  const auto kid = text_member(header, "kid");
  for (const Key* key : candidates) {
    if (kid && key->kid == *kid) return key;
  }
  return std::unexpected(Refusal::UnknownKey);
}

bool signed_with(std::string_view token, cjose_jwk_t* jwk) {
  cjose_err error{};
  const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> jws(
      cjose_jws_import(token.data(), token.size(), &error), &cjose_jws_release);
  return jws && jwk != nullptr && cjose_jws_verify(jws.get(), jwk, &error);
}

bool signed_by(std::string_view token, const Key& key) {
  return signed_with(token, key.jwk.get()) || signed_with(token, key.previous.get());
}

// Seconds since 1970; whole or not, but a sane number.
std::optional<Utc> numeric_date(const json::value& value) {
  double seconds = -1;
  if (value.is_int64()) seconds = static_cast<double>(value.as_int64());
  if (value.is_uint64()) seconds = static_cast<double>(value.as_uint64());
  if (value.is_double()) seconds = value.as_double();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kNumericDateMax) return std::nullopt;
  return utc_of(static_cast<std::int64_t>(std::floor(seconds)) * 1'000'000);
}

Checked<Utc> check_times(const object& claims, Utc now) {
  const json::value* exp = claims.if_contains("exp");
  if (exp == nullptr) return std::unexpected(Refusal::NoExpiry);
  const auto expires = numeric_date(*exp);
  if (!expires) return std::unexpected(Refusal::BadExpiry);
  if (now >= *expires + kLeeway) return std::unexpected(Refusal::Expired);
  if (const json::value* nbf = claims.if_contains("nbf")) {
    const auto from = numeric_date(*nbf);
    if (!from) return std::unexpected(Refusal::BadNotBefore);
    if (now + kLeeway < *from) return std::unexpected(Refusal::NotYetValid);
  }
  if (const json::value* iat = claims.if_contains("iat")) {
    const auto issued = numeric_date(*iat);
    if (!issued) return std::unexpected(Refusal::BadIssuedAt);
    if (now + kLeeway < *issued) return std::unexpected(Refusal::IssuedInFuture);
  }
  return *expires;
}

std::optional<Refusal> check_audience(const object& claims, std::string_view audience) {
  const json::value* aud = claims.if_contains("aud");
  if (aud == nullptr) return Refusal::NoAudience;
  if (aud->is_array()) {
    const bool named = std::ranges::any_of(
        aud->as_array(), [&](const json::value& one) { return text_of(one) == audience; });
    return named ? std::nullopt : std::optional(Refusal::WrongAudience);
  }
  return text_of(*aud) == audience ? std::nullopt : std::optional(Refusal::WrongAudience);
}

std::optional<Refusal> check_issuer(const object& claims, std::string_view issuer) {
  if (issuer.empty()) return std::nullopt;
  if (!claims.contains("iss")) return Refusal::NoIssuer;
  return text_member(claims, "iss") == issuer ? std::nullopt : std::optional(Refusal::WrongIssuer);
}

Checked<Token> check_claims(const object& claims, Utc now, const VerifierRules& rules) {
  const auto expires = check_times(claims, now);
  if (!expires) return std::unexpected(expires.error());
  if (auto refusal = check_audience(claims, rules.audience)) return std::unexpected(*refusal);
  if (auto refusal = check_issuer(claims, rules.issuer)) return std::unexpected(*refusal);
  const auto sub = text_member(claims, "sub");
  if (!sub || !is_subject(*sub)) return std::unexpected(Refusal::NoSubject);
  const auto scope = text_member(claims, "scope");
  if (!scope) return std::unexpected(Refusal::NoScope);
  return Token{std::string(*sub), parse_scopes(*scope), *expires, false};
}

Id128 hash_of(std::string_view token) {
  Id128 hash;
  crypto_generichash(hash.data(), hash.size(), as_bytes(token).data(), token.size(), nullptr, 0);
  return hash;
}

}  // namespace

bool is_subject(std::string_view sub) {
  return !sub.empty() && sub.size() <= kSubjectBytesMax &&
         std::ranges::none_of(sub, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::expected<Token, Refusal> TokenVerifier::verify(std::string_view token) const {
  if (token.size() > kTokenBytesMax) return std::unexpected(Refusal::TooLarge);
  const Id128 hash = hash_of(token);
  const Utc now = clock_.utc();
  const auto keys = ring_.keys();
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(known_to_, keys) != keys) known_.emplace(kTokensKnownMax);
    known_->prune(now);
    if (const Token* known = known_->find(hash)) return *known;
  }
  auto checked = read(token, *keys, now);
  if (!checked) return checked;
  const std::lock_guard lock(mutex_);
  if (known_to_ == keys) known_->put(hash, *checked, checked->expires + kLeeway, now);
  return checked;
}

std::expected<Token, Refusal> TokenVerifier::read(std::string_view token, const Keys& keys,
                                                  Utc now) const {
  const auto parts = split(token);
  if (!parts) return std::unexpected(parts.error());
  if (auto refusal = check_header(parts->header)) return std::unexpected(*refusal);
  const auto key = choose_key(parts->header, keys);
  if (!key) {
    if (key.error() == Refusal::UnknownKey) ring_.report_missing();
    return std::unexpected(key.error());
  }
  if (!signed_by(token, **key)) return std::unexpected(Refusal::BadSignature);
  auto checked = check_claims(parts->claims, now, rules_);
  if (checked) checked->weak_key = (*key)->weak;
  return checked;
}

Expected<Inspection> inspect(std::string_view token) {
  const auto parts = split(token);
  if (!parts) return problem(std::string(sentence(parts.error())));
  return Inspection{json::serialize(parts->header), json::serialize(parts->claims)};
}

}  // namespace butai::access
