#include "access/token_minter.h"

#include <cjose/jws.h>
#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <memory>

#include "access/limits.h"
#include "access/mac.h"
#include "access/scopes.h"

namespace butai::access {
namespace {

namespace json = boost::json;

Expected<std::string> sign(const std::string& claims, const Key& key) {
  cjose_err error{};
  const std::unique_ptr<cjose_header_t, decltype(&cjose_header_release)> header(
      cjose_header_new(&error), &cjose_header_release);
  if (!header || !key.jwk) return problem("The token could not be signed: out of memory.");
  cjose_header_set(header.get(), CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, &error);
  cjose_header_set(header.get(), CJOSE_HDR_KID, key.kid.c_str(), &error);
  cjose_header_set(header.get(), "typ", "JWT", &error);
  const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> jws(
      cjose_jws_sign(key.jwk.get(), header.get(),
                     reinterpret_cast<const std::uint8_t*>(claims.data()), claims.size(), &error),
      &cjose_jws_release);
  const char* compact = nullptr;
  if (!jws || !cjose_jws_export(jws.get(), &compact, &error)) {
    return problem(fmt::format("The token could not be signed: {}.", error.message));
  }
  return std::string(compact);
}

std::string random_id(Random& random) {
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  return base64url(bytes);
}

}  // namespace

TokenMinter::TokenMinter(const Secret& secret, const Clock& clock, Random& random,
                         VerifierRules rules)
    : key_(key_of(secret)), clock_(clock), random_(random), rules_(std::move(rules)) {}

Expected<std::string> TokenMinter::mint(std::string_view subject,
                                        const std::vector<std::string>& scopes,
                                        Seconds life) const {
  if (!is_subject(subject)) {
    return problem("A token needs a subject of 1 to 256 characters: --sub NAME.");
  }
  if (life <= Seconds{0} || life > Seconds{10 * 365 * 86400}) {
    return problem("A token lives from 1 second to 10 years: --ttl SECONDS.");
  }
  if (scopes.size() > kScopesMax) return problem("A token has at most 64 scopes.");
  for (const std::string& scope : scopes) {
    if (is_scope(scope)) continue;
    return problem(fmt::format(
        "\"{}\" is not a scope. Scopes are publish:CHANNEL, view:CHANNEL, control and admin.",
        scope));
  }
  const std::int64_t now = std::chrono::floor<Seconds>(clock_.utc()).time_since_epoch().count();
  json::object claims{{"sub", subject},
                      {"aud", rules_.audience},
                      {"iat", now},
                      {"exp", now + life.count()},
                      {"scope", join_scopes(scopes)},
                      {"jti", random_id(random_)}};
  if (!rules_.issuer.empty()) claims["iss"] = rules_.issuer;
  auto token = sign(json::serialize(claims), key_);
  if (token && token->size() > kTokenBytesMax) return problem("The token would exceed 8 KiB.");
  return token;
}

}  // namespace butai::access
