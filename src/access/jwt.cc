#include "access/jwt.h"

#include <cjose/jws.h>

#include <boost/json.hpp>
#include <cmath>
#include <memory>
#include <vector>

#include "access/limits.h"
#include "access/mac.h"
#include "access/strict_json.h"

namespace butai::access {
namespace {

namespace json = boost::json;
using json::object;

std::expected<object, Refusal> object_of(std::string_view part) {
  const auto bytes = from_base64url(part);
  if (!bytes) return std::unexpected(Refusal::Malformed);
  auto parsed = parse_object(as_text(*bytes));
  if (parsed) return std::move(*parsed);
  return std::unexpected(parsed.error() == JsonFault::DuplicateMember ? Refusal::DuplicateMember
                                                                      : Refusal::Malformed);
}

bool signed_with(std::string_view token, cjose_jwk_t* jwk) {
  cjose_err error{};
  const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> jws(
      cjose_jws_import(token.data(), token.size(), &error), &cjose_jws_release);
  return jws && jwk != nullptr && cjose_jws_verify(jws.get(), jwk, &error);
}

}  // namespace

std::expected<JwtParts, Refusal> split_jwt(std::string_view token) {
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
  return JwtParts{std::move(*header), std::move(*claims)};
}

std::optional<std::string_view> text_of(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  return std::string_view(value.as_string().data(), value.as_string().size());
}

std::optional<std::string_view> text_member(const object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value == nullptr ? std::nullopt : text_of(*value);
}

std::expected<const Key*, Refusal> choose_key(const object& header, const Keys& keys) {
  for (const char* name : {"crit", "b64", "jwk", "jku", "x5u", "x5c"}) {
    if (header.contains(name)) return std::unexpected(Refusal::HeaderNotAllowed);
  }
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

bool signed_by(std::string_view token, const Key& key) {
  return signed_with(token, key.jwk.get()) || signed_with(token, key.previous.get());
}

std::optional<Utc> numeric_date(const json::value& value) {
  double seconds = -1;
  if (value.is_int64()) seconds = static_cast<double>(value.as_int64());
  if (value.is_uint64()) seconds = static_cast<double>(value.as_uint64());
  if (value.is_double()) seconds = value.as_double();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kNumericDateMax) return std::nullopt;
  return utc_of(static_cast<std::int64_t>(std::floor(seconds)) * 1'000'000);
}

}  // namespace butai::access
