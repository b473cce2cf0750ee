#include "access/oidc/id_token.h"

#include <algorithm>
#include <boost/json.hpp>

#include "access/jwt.h"
#include "access/limits.h"
#include "access/mac.h"
#include "access/oidc/limits.h"
#include "net/utf8.h"

namespace butai::access::oidc {
namespace {

namespace json = boost::json;
using json::object;

using Fault = std::optional<IdTokenFault>;

Fault check_times(const object& claims, Utc now) {
  const json::value* exp = claims.if_contains("exp");
  const auto expires = exp != nullptr ? numeric_date(*exp) : std::nullopt;
  if (!expires) return label(exp == nullptr ? Refusal::NoExpiry : Refusal::BadExpiry);
  if (now >= *expires + kLeeway) return label(Refusal::Expired);
  const json::value* iat = claims.if_contains("iat");
  const auto issued = iat != nullptr ? numeric_date(*iat) : std::nullopt;
  if (!issued) return label(Refusal::BadIssuedAt);
  if (now + kLeeway < *issued) return label(Refusal::IssuedInFuture);
  if (now > *issued + kIdTokenAge) return "issued_long_ago";
  if (const json::value* nbf = claims.if_contains("nbf")) {
    const auto from = numeric_date(*nbf);
    if (!from) return label(Refusal::BadNotBefore);
    if (now + kLeeway < *from) return label(Refusal::NotYetValid);
  }
  return std::nullopt;
}

Fault check_audience(const object& claims, std::string_view client_id) {
  const json::value* aud = claims.if_contains("aud");
  if (aud == nullptr) return label(Refusal::NoAudience);
  bool several = false;
  if (aud->is_array()) {
    const json::array& all = aud->as_array();
    const bool us =
        std::ranges::any_of(all, [&](const json::value& one) { return text_of(one) == client_id; });
    if (!us) return label(Refusal::WrongAudience);
    several = all.size() > 1;
  } else if (text_of(*aud) != client_id) {
    return label(Refusal::WrongAudience);
  }
  if ((several || claims.contains("azp")) && text_member(claims, "azp") != client_id) {
    return "wrong_party";
  }
  return std::nullopt;
}

bool same(std::string_view a, std::string_view b) {
  return equal_secrets(as_bytes(a), as_bytes(b));
}

// At most `bytes_max` of it, whole characters, without controls.
std::string line_of(std::string_view text, std::size_t bytes_max) {
  std::string line(text.substr(0, bytes_max));
  while (!line.empty() && !net::is_utf8(line)) line.pop_back();
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

bool is_true(const object& claims, std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (value == nullptr) return false;
  // Some send it as text.
  return value->is_bool() ? value->as_bool() : text_of(*value) == "true";
}

}  // namespace

Keys allowed_keys(const Settings& settings, Keys published) {
  const auto allows = [&settings](Algorithm algorithm) {
    return std::ranges::find(settings.algorithms, algorithm) != settings.algorithms.end();
  };
  std::erase_if(published, [&](const Key& key) { return !allows(key.algorithm); });
  if (allows(Algorithm::HS256)) {
    Key own = key_of(Secret(settings.client_secret));
    own.kid.clear();
    published.push_back(std::move(own));
  }
  return published;
}

std::expected<Identity, IdTokenFault> verify_id_token(std::string_view token,
                                                      const Settings& settings, const Keys& keys,
                                                      std::string_view nonce, Utc now) {
  const auto parts = split_jwt(token);
  if (!parts) return std::unexpected(label(parts.error()));
  const object& claims = parts->claims;
  if (parts->header.contains("typ") && text_member(parts->header, "typ") != "JWT") {
    return std::unexpected(label(Refusal::WrongType));
  }
  const auto key = choose_key(parts->header, keys);
  if (!key) {
    return std::unexpected(key.error() == Refusal::UnknownKey ? kUnknownKey : label(key.error()));
  }
  if (!signed_by(token, **key)) return std::unexpected(label(Refusal::BadSignature));
  if (text_member(claims, "iss") != settings.issuer) {
    return std::unexpected(label(Refusal::WrongIssuer));
  }
  if (const auto fault = check_audience(claims, settings.client_id)) return std::unexpected(*fault);
  if (const auto fault = check_times(claims, now)) return std::unexpected(*fault);
  const auto said = text_member(claims, "nonce");
  if (!said || nonce.empty() || !same(*said, nonce)) return std::unexpected("wrong_nonce");
  const auto subject = text_member(claims, "sub");
  if (!subject || subject->empty() || subject->size() > oidc::kSubjectBytesMax ||
      std::ranges::any_of(*subject, [](unsigned char c) { return c < 0x20 || c >= 0x7f; })) {
    return std::unexpected(label(Refusal::NoSubject));
  }
  Identity identity;
  identity.issuer = settings.issuer;
  identity.subject = *subject;
  identity.name = line_of(text_member(claims, "name").value_or(""), kNameBytesMax);
  identity.email = text_member(claims, "email").value_or("");
  identity.email_verified = !identity.email.empty() && is_true(claims, "email_verified");
  return identity;
}

}  // namespace butai::access::oidc
