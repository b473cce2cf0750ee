#include "access/token_verifier.h"

#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <utility>

#include "access/jwt.h"
#include "access/limits.h"
#include "access/scopes.h"

namespace butai::access {
namespace {

namespace json = boost::json;
using json::object;
template <class T>
using Checked = std::expected<T, Refusal>;

bool is_bearer_type(std::string_view typ) {
  std::string folded(typ);
  std::ranges::transform(folded, folded.begin(), [](unsigned char c) { return std::tolower(c); });
  if (folded.starts_with("application/")) folded.erase(0, 12);
  return folded == "jwt" || folded == "at+jwt";
}

std::optional<Refusal> check_type(const object& header) {
  if (!header.contains("typ")) return std::nullopt;
  const auto typ = text_member(header, "typ");
  if (!typ || !is_bearer_type(*typ)) return Refusal::WrongType;
  return std::nullopt;
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
  const auto parts = split_jwt(token);
  if (!parts) return std::unexpected(parts.error());
  if (auto refusal = check_type(parts->header)) return std::unexpected(*refusal);
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
  const auto parts = split_jwt(token);
  if (!parts) return problem(std::string(sentence(parts.error())));
  return Inspection{json::serialize(parts->header), json::serialize(parts->claims)};
}

}  // namespace butai::access
