#include "licenses/service_token.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "access/mac.h"
#include "base/testing/manual_time.h"
#include "drm/text.h"

namespace butai::licenses {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kKey = "AAECAwQFBgcICQoLDA0ODw==";  // 16 bytes
constexpr std::string_view kKeyId = "9eb4050d-e44b-4802-932e-27d75083e266";

class ServiceTokensTest : public ::testing::Test {
 protected:
  TokenSettings settings(TokenForm form) {
    return {form, std::string(kKey), std::string(kKeyId), "house", "licenses"};
  }
  ServiceTokens tokens(TokenForm form) {
    return *ServiceTokens::make(settings(form), time_, random_);
  }
  std::string complaint(const TokenSettings& settings) {
    const auto made = ServiceTokens::make(settings, time_, random_);
    return made ? "accepted" : made.error().sentence;
  }

  butai::testing::ManualTime time_;
  SystemRandom random_;
  const TokenGround ground_{System::Widevine, "PLAY", "stage", {media::KeyId{1}, media::KeyId{2}}};
};

boost::json::object part(std::string_view token, int which) {
  for (; which > 0; --which) token.remove_prefix(token.find('.') + 1);
  const auto bytes = drm::from_base64url(token.substr(0, token.find('.')));
  return boost::json::parse(std::string(as_text(*bytes))).as_object();
}

TEST_F(ServiceTokensTest, axinom_gets_an_entitlement_message_with_the_keys_of_the_play) {
  const auto headers = tokens(TokenForm::Axinom).headers(ground_);
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].first, "X-AxDRM-Message");
  const auto claims = part(headers[0].second, 1);
  EXPECT_EQ(claims.at("com_key_id").as_string(), kKeyId);
  EXPECT_LT(claims.at("begin_date").as_string(), claims.at("expiration_date").as_string());
  const auto& message = claims.at("message").as_object();
  EXPECT_EQ(message.at("content_keys_source").at("inline").as_array().size(), 2u);
  EXPECT_EQ(message.at("license").at("duration").as_int64(), 60);
}

TEST_F(ServiceTokensTest, only_licenses_that_renew_themselves_are_short) {
  TokenGround apple = ground_;
  apple.system = System::FairPlay;
  const auto claims = part(tokens(TokenForm::Axinom).headers(apple)[0].second, 1);
  EXPECT_TRUE(claims.at("message").at("license").as_object().empty());
}

TEST_F(ServiceTokensTest, a_jwt_is_a_bearer_signed_as_the_standard_says) {
  const auto headers = tokens(TokenForm::Jwt).headers(ground_);
  ASSERT_EQ(headers.size(), 1u);
  ASSERT_THAT(headers[0].second, ::testing::StartsWith("Bearer "));
  const std::string token = headers[0].second.substr(7);
  const auto dot = token.rfind('.');
  const auto key = drm::from_base64(kKey);
  EXPECT_EQ(token.substr(dot + 1), access::base64url(access::hmac_sha256(
                                       *key, as_bytes(std::string_view(token).substr(0, dot)))));
  EXPECT_EQ(part(token, 0).at("kid").as_string(), kKeyId);
  const auto claims = part(token, 1);
  EXPECT_EQ(claims.at("sub").as_string(), "PLAY");
  EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 120);
  EXPECT_EQ(claims.at("kids").as_array().size(), 2u);
}

TEST_F(ServiceTokensTest, drmtoday_gets_custom_data_and_with_a_key_an_upfront_token) {
  const auto headers = tokens(TokenForm::DrmToday).headers(ground_);
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].first, "x-dt-custom-data");
  EXPECT_EQ(headers[1].first, "x-dt-auth-token");
  EXPECT_EQ(part(headers[1].second, 0).at("alg").as_string(), "HS512");
  auto asks_back = settings(TokenForm::DrmToday);
  asks_back.key.clear();
  EXPECT_EQ(ServiceTokens::make(asks_back, time_, random_)->headers(ground_).size(), 1u);
}

TEST_F(ServiceTokensTest, no_two_tokens_are_the_same) {
  const auto made = tokens(TokenForm::Jwt);
  EXPECT_NE(made.headers(ground_), made.headers(ground_));
  EXPECT_TRUE(tokens(TokenForm::None).headers(ground_).empty());
}

TEST_F(ServiceTokensTest, settings_that_cannot_sign_are_refused_with_what_is_missing) {
  auto wrong = settings(TokenForm::Jwt);
  wrong.key = "not base64";
  EXPECT_THAT(complaint(wrong), HasSubstr("[drm.token] key"));
  wrong.key = "AAEC";
  EXPECT_THAT(complaint(wrong), HasSubstr("16 bytes"));
  wrong = settings(TokenForm::Axinom);
  wrong.key_id = "mine";
  EXPECT_THAT(complaint(wrong), HasSubstr("key_id"));
  wrong = settings(TokenForm::DrmToday);
  wrong.merchant.clear();
  EXPECT_THAT(complaint(wrong), HasSubstr("merchant"));
}

}  // namespace
}  // namespace butai::licenses
