#include "licenses/service_token.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/json.hpp>

#include "access/mac.h"
#include "drm/text.h"
#include "licenses/limits.h"

namespace butai::licenses {
namespace {

namespace json = boost::json;

enum class Algorithm : std::uint8_t { Hs256, Hs512 };

std::string signed_jwt(Algorithm algorithm, const std::string& key, const std::string& kid,
                       const json::object& claims) {
  const bool longer = algorithm == Algorithm::Hs512;
  json::object header{{"alg", longer ? "HS512" : "HS256"}, {"typ", "JWT"}};
  if (!kid.empty()) header["kid"] = kid;
  std::string text = access::base64url(as_bytes(json::serialize(header))) + "." +
                     access::base64url(as_bytes(json::serialize(claims)));
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(longer ? EVP_sha512() : EVP_sha256(), key.data(), static_cast<int>(key.size()),
       as_bytes(text).data(), text.size(), mac.data(), &size);
  return text + "." + access::base64url(ByteView(mac.data(), size));
}

std::int64_t seconds_of(Utc time) {
  return std::chrono::floor<Seconds>(time).time_since_epoch().count();
}

std::string date_of(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

json::array uuids(const std::vector<media::KeyId>& kids) {
  json::array out;
  for (const media::KeyId& kid : kids) out.emplace_back(drm::to_uuid(kid));
  return out;
}

}  // namespace

Expected<ServiceTokens> ServiceTokens::make(const TokenSettings& settings, const Clock& clock,
                                            Random& random) {
  std::string key;
  if (settings.form != TokenForm::None) {
    const auto bytes = drm::from_base64(settings.key);
    // DRMtoday can ask us back instead; its custom data is then all that is sent.
    const bool asks_back = settings.form == TokenForm::DrmToday && settings.key.empty();
    if (!bytes || (bytes->size() < kServiceKeyMin && !asks_back)) {
      return problem("[drm.token] key is the service's secret in base64, 16 bytes at least");
    }
    key = as_text(*bytes);
    if (settings.form == TokenForm::Axinom && !drm::from_uuid(settings.key_id)) {
      return problem("[drm.token] key_id is the Communication Key ID that Axinom gave, a UUID");
    }
    if (settings.form == TokenForm::DrmToday && settings.merchant.empty()) {
      return problem("[drm.token] merchant is missing: the name of your organisation at DRMtoday");
    }
  }
  return ServiceTokens(settings, std::move(key), clock, random);
}

ServiceTokens::Headers ServiceTokens::headers(const TokenGround& ground) const {
  switch (settings_.form) {
    case TokenForm::None:
      break;
    case TokenForm::Axinom:
      return {{"X-AxDRM-Message", axinom(ground)}};
    case TokenForm::Jwt:
      return {{"Authorization", "Bearer " + jwt(ground)}};
    case TokenForm::DrmToday: {
      const std::string custom = json::serialize(json::object{
          {"userId", ground.play}, {"sessionId", ground.play}, {"merchant", settings_.merchant}});
      Headers headers{{"x-dt-custom-data", drm::to_base64(as_bytes(custom))}};
      if (!key_.empty()) headers.emplace_back("x-dt-auth-token", upfront(ground));
      return headers;
    }
  }
  return {};
}

std::string ServiceTokens::axinom(const TokenGround& ground) const {
  const std::int64_t now = seconds_of(clock_->utc());
  json::object license;
  // Only Widevine's module asks for more by itself; others would go dark.
  if (ground.system == System::Widevine) {
    license["duration"] = kServiceLicenseLife.count();
    license["widevine"] = json::object{{"allow_renewal", true},
                                       {"renewal_delay", kServiceLicenseLife.count() / 2},
                                       {"renewal_retry_interval", 5}};
  }
  json::array keys;
  for (const media::KeyId& kid : ground.kids) {
    keys.emplace_back(json::object{{"id", drm::to_uuid(kid)}});
  }
  const json::object message{
      {"type", "entitlement_message"},
      {"version", 2},
      {"license", license},
      {"content_keys_source", json::object{{"inline", keys}}},
      {"license_server",
       json::object{{"access_control", json::object{{"prevent_drm_message_reuse", true}}}}}};
  return signed_jwt(Algorithm::Hs256, key_, {},
                    {{"version", 1},
                     {"com_key_id", settings_.key_id},
                     {"begin_date", date_of(now - kServiceClockSlack.count())},
                     {"expiration_date", date_of(now + kServiceTokenLife.count())},
                     {"message", message}});
}

std::string ServiceTokens::jwt(const TokenGround& ground) const {
  const std::int64_t now = seconds_of(clock_->utc());
  json::object claims{{"sub", ground.play},
                      {"iat", now},
                      {"nbf", now - kServiceClockSlack.count()},
                      {"exp", now + kServiceTokenLife.count()},
                      {"jti", unique()},
                      {"drm", name_of(ground.system)},
                      {"channel", ground.channel},
                      {"kids", uuids(ground.kids)}};
  if (!settings_.audience.empty()) claims["aud"] = settings_.audience;
  return signed_jwt(Algorithm::Hs256, key_, settings_.key_id, claims);
}

// A customer rights token for each key, and who asks; both are JSON within JSON there.
std::string ServiceTokens::upfront(const TokenGround& ground) const {
  const std::int64_t now = seconds_of(clock_->utc());
  json::array rights;
  for (const media::KeyId& kid : ground.kids) {
    rights.emplace_back(json::object{{"assetId", ground.channel},
                                     {"keyId", drm::to_uuid(kid)},
                                     {"accountingId", ground.play},
                                     {"profile", json::object{{"purchase", json::object{}}}}});
  }
  const json::object who{{"userId", ground.play}, {"merchant", settings_.merchant}};
  return signed_jwt(Algorithm::Hs512, key_, settings_.key_id,
                    {{"optData", json::serialize(who)},
                     {"crt", json::serialize(rights)},
                     {"iat", now},
                     {"exp", now + kServiceTokenLife.count()},
                     {"jti", unique()}});
}

std::string ServiceTokens::unique() const {
  std::array<std::uint8_t, 16> bytes{};
  random_->fill(bytes);
  return access::base64url(bytes);
}

}  // namespace butai::licenses
