// Every claim wrong in turn, every trick with headers and keys; the good one in between.
#include "access/oidc/id_token.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "access/oidc/limits.h"
#include "access/testing/token_forge.h"

namespace butai::access::oidc {
namespace {

using access::testing::claims_of;
using access::testing::forge_hs256;
using access::testing::KeyPair;
using access::testing::unsigned_token;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::string_view kNonce = "nonce-0123456789";
constexpr std::string_view kClientSecret = "CNRY-client-0123456789abcdef012345";

// Good claims with one member replaced; an empty value leaves it out.
std::string claims_with(std::string_view name = "", std::string_view value = "") {
  return claims_of({{"iss", R"("https://id.example.org/")"},
                    {"sub", R"("user-1")"},
                    {"aud", R"("butai-client")"},
                    {"exp", std::to_string(kNow + 300)},
                    {"iat", std::to_string(kNow - 5)},
                    {"nonce", R"("nonce-0123456789")"},
                    {"name", R"("花子 <b>")"},
                    {"email", R"("hanako@example.jp")"},
                    {"email_verified", "true"}},
                   name, value);
}

class IdTokenTest : public ::testing::Test {
 protected:
  IdTokenTest() {
    settings.name = "test";
    settings.issuer = "https://id.example.org/";
    settings.client_id = "butai-client";
    settings.client_secret = kClientSecret;
  }
  Keys keys() const {
    return allowed_keys(
        settings,
        parse_jwks(fmt::format(R"({{"keys":[{},{}]}})", rsa.jwk("rsa"), ec.jwk("ec"))).value());
  }
  std::string judged(std::string_view token, std::string_view nonce = kNonce) const {
    const auto identity = verify_id_token(token, settings, keys(), nonce, utc_of(kNow * 1'000'000));
    return std::string(identity ? "accepted" : identity.error());
  }
  std::string with(std::string_view name, std::string_view value) const {
    return judged(ec.forge(R"({"alg":"ES256","kid":"ec"})", claims_with(name, value)));
  }

  Settings settings;
  KeyPair rsa = KeyPair::rsa(2048);
  KeyPair ec = KeyPair::ec("P-256");
};

TEST_F(IdTokenTest, says_who_it_is) {
  const auto identity = verify_id_token(ec.forge(R"({"alg":"ES256","kid":"ec"})", claims_with()),
                                        settings, keys(), kNonce, utc_of(kNow * 1'000'000));
  ASSERT_TRUE(identity) << identity.error();
  EXPECT_EQ(identity->subject, "user-1");
  EXPECT_EQ(identity->issuer, "https://id.example.org/");
  EXPECT_EQ(identity->name, "花子 <b>");
  EXPECT_EQ(identity->email, "hanako@example.jp");
  EXPECT_TRUE(identity->email_verified);
  EXPECT_EQ(judged(rsa.forge(R"({"alg":"RS256","kid":"rsa","typ":"JWT"})", claims_with())),
            "accepted");
}

TEST_F(IdTokenTest, every_claim_wrong_in_turn_is_refused) {
  EXPECT_EQ(with("iss", ""), "wrong_issuer");
  EXPECT_EQ(with("iss", R"("https://id.example.org")"), "wrong_issuer");
  EXPECT_EQ(with("iss", R"(["https://id.example.org/"])"), "wrong_issuer");
  EXPECT_EQ(with("aud", ""), "no_audience");
  EXPECT_EQ(with("aud", R"("other")"), "wrong_audience");
  EXPECT_EQ(with("aud", R"(["other"])"), "wrong_audience");
  EXPECT_EQ(with("aud", R"(["butai-client","other"])"), "wrong_party");
  EXPECT_EQ(with("azp", R"("other")"), "wrong_party");
  EXPECT_EQ(with("exp", ""), "no_expiry");
  EXPECT_EQ(with("exp", std::to_string(kNow - 31)), "expired");
  EXPECT_EQ(with("exp", R"("1900000000")"), "bad_expiry");
  EXPECT_EQ(with("exp", "1e300"), "bad_expiry");
  EXPECT_EQ(with("iat", ""), "bad_issued_at");
  EXPECT_EQ(with("iat", std::to_string(kNow + 31)), "issued_in_future");
  EXPECT_EQ(with("iat", std::to_string(kNow - kIdTokenAge.count() - 1)), "issued_long_ago");
  EXPECT_EQ(with("iat", "-1"), "bad_issued_at");
  EXPECT_EQ(with("nbf", std::to_string(kNow + 60)), "not_yet_valid");
  EXPECT_EQ(with("nonce", ""), "wrong_nonce");
  EXPECT_EQ(with("nonce", R"("nonce-0123456780")"), "wrong_nonce");
  EXPECT_EQ(with("sub", ""), "no_subject");
  EXPECT_EQ(with("sub", R"("")"), "no_subject");
  EXPECT_EQ(with("sub", "17"), "no_subject");
  EXPECT_EQ(with("sub", fmt::format("\"{}\"", std::string(256, 'x'))), "no_subject");
}

TEST_F(IdTokenTest, what_may_be_there_may_be_there) {
  EXPECT_EQ(with("aud", R"(["butai-client"])"), "accepted");
  EXPECT_EQ(with("azp", R"("butai-client")"), "accepted");
  EXPECT_EQ(with("exp", std::to_string(kNow - 29)), "accepted");
  EXPECT_EQ(with("email", ""), "accepted");
}

TEST_F(IdTokenTest, without_a_nonce_of_ours_nothing_is_good) {
  const std::string token =
      ec.forge(R"({"alg":"ES256","kid":"ec"})", claims_with("nonce", R"("")"));
  EXPECT_EQ(judged(token, ""), "wrong_nonce");
}

TEST_F(IdTokenTest, the_algorithm_is_ours_to_choose) {
  const std::string claims = claims_with();
  EXPECT_EQ(judged(unsigned_token(R"({"alg":"none"})", claims) + "."), "algorithm_not_allowed");
  // A public key as an HMAC secret, in both of its forms.
  EXPECT_EQ(judged(forge_hs256(rsa.pem(), R"({"alg":"HS256","kid":"rsa"})", claims)),
            "algorithm_not_allowed");
  EXPECT_EQ(judged(forge_hs256(kClientSecret, R"({"alg":"HS256"})", claims)),
            "algorithm_not_allowed");
  EXPECT_EQ(judged(ec.forge(R"({"alg":"RS256","kid":"ec"})", claims)), "unknown_key");
  settings.algorithms = {Algorithm::ES256};
  EXPECT_EQ(judged(rsa.forge(R"({"alg":"RS256","kid":"rsa"})", claims)), "algorithm_not_allowed");
}

TEST_F(IdTokenTest, the_clients_secret_signs_where_the_operator_says_so) {
  settings.algorithms = {Algorithm::ES256, Algorithm::HS256};
  EXPECT_EQ(judged(forge_hs256(kClientSecret, R"({"alg":"HS256","typ":"JWT"})", claims_with())),
            "accepted");
  EXPECT_EQ(judged(forge_hs256(rsa.pem(), R"({"alg":"HS256"})", claims_with())), "bad_signature");
  EXPECT_EQ(judged(ec.forge(R"({"alg":"ES256","kid":"ec"})", claims_with())), "accepted");
}

TEST_F(IdTokenTest, headers_bring_no_keys_and_other_tokens_are_none) {
  const KeyPair other = KeyPair::ec("P-256");
  const std::string claims = claims_with();
  EXPECT_EQ(judged(other.forge(R"({"alg":"ES256","kid":"ec"})", claims)), "bad_signature");
  EXPECT_EQ(judged(other.forge(R"({"alg":"ES256","kid":"other"})", claims)), "unknown_key");
  EXPECT_EQ(
      judged(other.forge(fmt::format(R"({{"alg":"ES256","jwk":{}}})", other.jwk("ec")), claims)),
      "header_not_allowed");
  EXPECT_EQ(judged(ec.forge(R"({"alg":"ES256","kid":"ec","typ":"at+jwt"})", claims)), "wrong_type");
  EXPECT_EQ(judged(""), "malformed");
  EXPECT_EQ(judged(std::string(10'000, 'x')), "too_large");
}

}  // namespace
}  // namespace butai::access::oidc
