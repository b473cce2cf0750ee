#include "access/key_ring.h"

#include <cjose/jwk.h>
#include <stdlib.h>

#include <boost/json.hpp>

#include "access/limits.h"
#include "access/strict_json.h"

namespace butai::access {
namespace {

namespace json = boost::json;

std::shared_ptr<_cjose_jwk_int> own(cjose_jwk_t* jwk) {
  return {jwk, [](cjose_jwk_t* dying) { cjose_jwk_release(dying); }};
}

std::string_view text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->as_string().data(), value->as_string().size()};
}

// The one algorithm that a public key is good for, or nothing.
std::optional<Algorithm> algorithm_of(const json::object& jwk) {
  const std::string_view type = text_member(jwk, "kty");
  const std::string_view alg = text_member(jwk, "alg");
  if (jwk.contains("use") && text_member(jwk, "use") != "sig") return std::nullopt;
  if (type == "RSA" && (!jwk.contains("alg") || alg == "RS256")) return Algorithm::RS256;
  if (type == "EC" && text_member(jwk, "crv") == "P-256" &&
      (!jwk.contains("alg") || alg == "ES256")) {
    return Algorithm::ES256;
  }
  return std::nullopt;
}

// Only public members are handed on: a private key has no business here.
std::string public_part(const json::object& jwk) {
  json::object out;
  for (const char* name : {"kty", "kid", "n", "e", "crv", "x", "y"}) {
    if (const json::value* value = jwk.if_contains(name)) out[name] = *value;
  }
  return json::serialize(out);
}

std::optional<Key> key_of(const json::object& jwk) {
  const auto algorithm = algorithm_of(jwk);
  if (!algorithm) return std::nullopt;
  const std::string text = public_part(jwk);
  cjose_err error{};
  auto handle = own(cjose_jwk_import(text.data(), text.size(), &error));
  if (!handle) return std::nullopt;
  if (*algorithm == Algorithm::RS256 && cjose_jwk_get_keysize(handle.get(), &error) < kRsaBitsMin) {
    return std::nullopt;
  }
  return Key{std::string(text_member(jwk, "kid")), *algorithm, std::move(handle), nullptr, false};
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::HS256:
      return "HS256";
    case Algorithm::RS256:
      return "RS256";
    case Algorithm::ES256:
      return "ES256";
  }
  return "";
}

Key key_of(const Secret& secret, const Secret* previous) {
  const auto jwk_of = [](const Secret& text) {
    cjose_err error{};
    return own(cjose_jwk_create_oct_spec(text.bytes().data(), text.bytes().size(), &error));
  };
  return Key{std::string(kOwnKeyId), Algorithm::HS256, jwk_of(secret),
             previous != nullptr ? jwk_of(*previous) : nullptr,
             secret.weak() || (previous != nullptr && previous->weak())};
}

Expected<Keys> parse_jwks(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return problem("it is not a JSON object with keys");
  const json::value* list = document->if_contains("keys");
  if (list == nullptr || !list->is_array()) return problem("it has no array called keys");
  if (list->as_array().size() > kJwksKeysMax) return problem("it has more than 64 keys");
  Keys keys;
  for (const json::value& entry : list->as_array()) {
    if (!entry.is_object()) continue;
    if (auto key = key_of(entry.as_object())) keys.push_back(std::move(*key));
  }
  if (keys.empty()) {
    return problem("it has no public signing key for RS256 (2048 bits or more) or ES256 (P-256)");
  }
  return keys;
}

std::shared_ptr<const Keys> KeyRing::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void KeyRing::replace_others(Keys others) {
  const std::lock_guard lock(mutex_);
  Keys next{keys_->front()};
  for (Key& key : others) next.push_back(std::move(key));
  keys_ = std::make_shared<const Keys>(std::move(next));
}

}  // namespace butai::access
