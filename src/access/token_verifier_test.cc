#include "access/token_verifier.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "access/testing/seeded_random.h"
#include "access/testing/token_forge.h"
#include "access/token_minter.h"
#include "base/testing/manual_time.h"

namespace butai::access {
namespace {

using butai::testing::ManualTime;
using testing::claims_of;
using testing::forge_hs256;
using testing::KeyPair;
using testing::part;
using testing::SeededRandom;

constexpr std::string_view kSecret = "CNRY-jwt-0123456789abcdef0123456789abcdef";
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::int64_t kNow = 1'800'000'000;  // ManualTime's start, in seconds

// Claims that are good, with one member replaced; an empty value leaves it out.
std::string claims_with(std::string_view name = "", std::string_view value = "") {
  return claims_of({{"sub", R"("ann")"},
                    {"aud", R"("butai")"},
                    {"exp", std::to_string(kNow + 600)},
                    {"scope", R"("publish:main view:main")"}},
                   name, value);
}

std::string outcome(const std::expected<Token, Refusal>& result) {
  return result ? "accepted" : std::string(label(result.error()));
}

class TokenVerifierTest : public ::testing::Test {
 protected:
  std::string verify(std::string_view token) const { return outcome(verifier.verify(token)); }
  static std::string good() { return forge_hs256(kSecret, kHeader, claims_with()); }

  ManualTime time;
  KeyRing ring{key_of(Secret(std::string(kSecret)))};
  TokenVerifier verifier{ring, time, {}};
};

TEST_F(TokenVerifierTest, good_token_says_who_and_what) {
  const auto token = verifier.verify(good());
  ASSERT_TRUE(token) << label(token.error());
  EXPECT_EQ(token->subject, "ann");
  EXPECT_EQ(token->scopes, (std::vector<std::string>{"publish:main", "view:main"}));
  EXPECT_EQ(token->expires, utc_of((kNow + 600) * 1'000'000));
  EXPECT_FALSE(token->weak_key);
}

TEST_F(TokenVerifierTest, tokens_of_the_secret_before_are_accepted_and_of_the_one_before_that_not) {
  const Secret before{std::string(kSecret)};
  const KeyRing rotated(key_of(Secret(std::string(40, 'n')), &before));
  EXPECT_EQ(outcome(TokenVerifier(rotated, time, {}).verify(good())), "accepted");
  const Secret older(std::string(40, 'o'));
  const KeyRing twice(key_of(Secret(std::string(40, 'n')), &older));
  EXPECT_EQ(outcome(TokenVerifier(twice, time, {}).verify(good())), "bad_signature");
}

TEST_F(TokenVerifierTest, minted_token_is_accepted) {
  SeededRandom random;
  const TokenMinter minter(Secret(std::string(kSecret)), time, random, {});
  const auto token = minter.mint("ann", {"publish:main", "control"}, Seconds{60});
  ASSERT_TRUE(token) << token.error().sentence;
  const auto verified = verifier.verify(*token);
  ASSERT_TRUE(verified) << label(verified.error());
  EXPECT_EQ(verified->subject, "ann");
  EXPECT_EQ(verified->scopes, (std::vector<std::string>{"publish:main", "control"}));
  EXPECT_EQ(verified->expires, utc_of((kNow + 60) * 1'000'000));
}

TEST_F(TokenVerifierTest, minter_refuses_what_the_verifier_would_not_take) {
  SeededRandom random;
  const TokenMinter minter(Secret(std::string(kSecret)), time, random, {});
  EXPECT_TRUE(minter.mint("ann", {}, Seconds{1}));
  EXPECT_FALSE(minter.mint("", {}, Seconds{60}));
  EXPECT_FALSE(minter.mint("a\nb", {}, Seconds{60}));
  EXPECT_FALSE(minter.mint("ann", {"publish:*"}, Seconds{60}));
  EXPECT_FALSE(minter.mint("ann", {"root"}, Seconds{60}));
  EXPECT_FALSE(minter.mint("ann", {}, Seconds{0}));
}

struct HeaderCase {
  std::string_view header;
  std::string_view expected;
};

TEST_F(TokenVerifierTest, S1_table_of_headers) {
  const HeaderCase cases[] = {
      {R"({"alg":"HS256"})", "accepted"},
      {R"({"alg":"HS256","typ":"jwt"})", "accepted"},
      {R"({"alg":"HS256","typ":"at+JWT"})", "accepted"},
      {R"({"alg":"HS256","typ":"application/at+jwt"})", "accepted"},
      {R"({"alg":"HS256","kid":"butai"})", "accepted"},
      {R"({"alg":"HS256","unknown":1})", "accepted"},
      {R"({"alg":"none"})", "algorithm_not_allowed"},
      {R"({"alg":"None"})", "algorithm_not_allowed"},
      {R"({"alg":"hs256"})", "algorithm_not_allowed"},
      {R"({"alg":"HS512"})", "algorithm_not_allowed"},
      {R"({"alg":"RS256"})", "algorithm_not_allowed"},
      {R"({"alg":"ES256"})", "algorithm_not_allowed"},
      {R"({"alg":"PS256"})", "algorithm_not_allowed"},
      {R"({"alg":["HS256"]})", "algorithm_not_allowed"},
      {R"({"alg":""})", "algorithm_not_allowed"},
      {R"({"typ":"JWT"})", "algorithm_not_allowed"},
      {R"({"alg":"HS256","typ":"butai-ticket"})", "wrong_type"},
      {R"({"alg":"HS256","typ":"butai-play+jwt"})", "wrong_type"},
      {R"({"alg":"HS256","typ":1})", "wrong_type"},
      {R"({"alg":"HS256","crit":["exp"]})", "header_not_allowed"},
      {R"({"alg":"HS256","crit":[]})", "header_not_allowed"},
      {R"({"alg":"HS256","b64":false})", "header_not_allowed"},
      {R"({"alg":"HS256","jwk":{"kty":"oct","k":"AA"}})", "header_not_allowed"},
      {R"({"alg":"HS256","jku":"https://evil.example/keys"})", "header_not_allowed"},
      {R"({"alg":"HS256","x5u":"https://evil.example/cert"})", "header_not_allowed"},
      {R"({"alg":"HS256","x5c":["AA"]})", "header_not_allowed"},
      {R"({"alg":"HS256","kid":"../../../../dev/null"})", "unknown_key"},
      {R"({"alg":"HS256","kid":"x' UNION SELECT 'k"})", "unknown_key"},
      {R"({"alg":"HS256","kid":""})", "unknown_key"},
      {R"({"alg":"HS256","kid":null})", "unknown_key"},
      {R"({"alg":"HS256","kid":7})", "unknown_key"},
      {R"({"alg":"none","alg":"HS256"})", "duplicate_member"},
      {R"({"alg":"HS256","al\u0067":"none"})", "duplicate_member"},
      {R"(["HS256"])", "malformed"},
      {R"("HS256")", "malformed"},
      {R"({"alg":"HS256")", "malformed"},
      {R"({"alg":"HS256"} x)", "malformed"},
      {R"({"alg":"HS256",})", "malformed"},
      {"", "malformed"},
      {"{\"alg\":\"HS256\",\"x\":\"\xff\"}", "malformed"},
      {R"({"alg":"HS256","x":[[[[[[[[[[1]]]]]]]]]]})", "malformed"},
  };
  for (const auto& [header, expected] : cases) {
    EXPECT_EQ(verify(forge_hs256(kSecret, header, claims_with())), expected) << header;
  }
}

struct ClaimCase {
  std::string_view name;
  std::string_view value;  // empty: left out
  std::string_view expected;
};

TEST_F(TokenVerifierTest, S2_table_of_claims) {
  const std::string at = std::to_string(kNow);
  const std::string long_subject = "\"" + std::string(257, 'x') + "\"";
  const auto plus = [](std::int64_t s) { return std::to_string(kNow + s); };
  const std::pair<ClaimCase, std::string> cases[] = {
      {{"exp", "", "no_expiry"}, ""},
      {{"exp", "\"1800000600\"", "bad_expiry"}, ""},
      {{"exp", "1e300", "bad_expiry"}, ""},
      {{"exp", "1e400", "bad_expiry"}, ""},
      {{"exp", "-1", "bad_expiry"}, ""},
      {{"exp", "-1e300", "bad_expiry"}, ""},
      {{"exp", "18446744073709551615", "bad_expiry"}, ""},
      {{"exp", "99999999999999999999999999", "bad_expiry"}, ""},
      {{"exp", "253402300800", "bad_expiry"}, ""},
      {{"exp", "253402300799", "accepted"}, ""},
      {{"exp", "NaN", "malformed"}, ""},
      {{"exp", "Infinity", "malformed"}, ""},
      {{"exp", "null", "bad_expiry"}, ""},
      {{"exp", "true", "bad_expiry"}, ""},
      {{"exp", "[1800000600]", "bad_expiry"}, ""},
      {{"exp", "{}", "bad_expiry"}, ""},
      {{"exp", "0", "expired"}, ""},
      {{"exp", "1800000600.5", "accepted"}, ""},
      {{"exp", "1.8000006e9", "accepted"}, ""},
      {{"exp", {}, "accepted"}, plus(-29)},
      {{"exp", {}, "expired"}, plus(-30)},
      {{"nbf", {}, "accepted"}, at},
      {{"nbf", {}, "accepted"}, plus(30)},
      {{"nbf", {}, "not_yet_valid"}, plus(31)},
      {{"nbf", "\"0\"", "bad_not_before"}, ""},
      {{"nbf", "1e300", "bad_not_before"}, ""},
      {{"iat", {}, "accepted"}, plus(30)},
      {{"iat", {}, "issued_in_future"}, plus(31)},
      {{"iat", "\"now\"", "bad_issued_at"}, ""},
      {{"aud", "", "no_audience"}, ""},
      {{"aud", "\"other\"", "wrong_audience"}, ""},
      {{"aud", "\"Butai\"", "wrong_audience"}, ""},
      {{"aud", "[\"other\",\"butai\"]", "accepted"}, ""},
      {{"aud", "[\"other\"]", "wrong_audience"}, ""},
      {{"aud", "[]", "wrong_audience"}, ""},
      {{"aud", "[[\"butai\"]]", "wrong_audience"}, ""},
      {{"aud", "{\"butai\":true}", "wrong_audience"}, ""},
      {{"aud", "null", "wrong_audience"}, ""},
      {{"sub", "", "no_subject"}, ""},
      {{"sub", "\"\"", "no_subject"}, ""},
      {{"sub", "7", "no_subject"}, ""},
      {{"sub", "\"a\\nb\"", "no_subject"}, ""},
      {{"sub", {}, "no_subject"}, long_subject},
      {{"scope", "", "no_scope"}, ""},
      {{"scope", "[\"publish:main\"]", "no_scope"}, ""},
      {{"scope", "null", "no_scope"}, ""},
      {{"scope", "\"\"", "accepted"}, ""},
      {{"iss", "\"anybody\"", "accepted"}, ""},
  };
  for (const auto& [row, computed] : cases) {
    const std::string_view value = computed.empty() ? row.value : std::string_view(computed);
    const std::string claims = claims_with(row.name, value);
    EXPECT_EQ(verify(forge_hs256(kSecret, kHeader, claims)), row.expected) << claims;
  }
}

TEST_F(TokenVerifierTest, claim_given_twice_is_refused_wherever_it_stands) {
  const std::string good_claims = claims_with();
  const std::string twice = good_claims.substr(0, good_claims.size() - 1);
  for (const std::string_view more : {R"(,"sub":"bob"})", R"(,"exp":9999999999})",
                                      R"(,"scope":"admin"})", R"(,"x":{"a":1,"a":2}})"}) {
    EXPECT_EQ(verify(forge_hs256(kSecret, kHeader, twice + std::string(more))), "duplicate_member");
  }
}

TEST_F(TokenVerifierTest, only_understood_scopes_count) {
  const auto scopes_of = [this](std::string_view scope) {
    const std::string claims = claims_with("scope", fmt::format("\"{}\"", scope));
    const auto token = verifier.verify(forge_hs256(kSecret, kHeader, claims));
    return token ? token->scopes : std::vector<std::string>{"refused"};
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(scopes_of("openid publish:a  view:b control admin"),
            (List{"publish:a", "view:b", "control", "admin"}));
  EXPECT_EQ(scopes_of("publish:* view:* * publish: publish:a/b view:a:b Admin"), List{});
  EXPECT_EQ(scopes_of("publish:a,view:b"), List{});
  EXPECT_EQ(scopes_of("admin admin"), List{"admin"});
  EXPECT_EQ(scopes_of("publish:" + std::string(65, 'x')), List{});
}

TEST_F(TokenVerifierTest, table_of_broken_texts) {
  const std::string token = good();
  const std::size_t dot = token.rfind('.');
  const std::string head = token.substr(0, dot);
  const std::string other_claims = part(claims_with("scope", "\"admin\""));
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "malformed"},
      {".", "malformed"},
      {"..", "malformed"},
      {"...", "malformed"},
      {"a.b.c", "malformed"},
      {head, "malformed"},
      {head + ".", "bad_signature"},
      {token + ".", "malformed"},
      {token + "." + token, "malformed"},
      {token + "=", "malformed"},
      {token + " ", "malformed"},
      {" " + token, "malformed"},
      {token + "AAAA", "bad_signature"},
      {token.substr(0, token.size() - 3), "bad_signature"},
      {head + "." + base64url(Key32{}), "bad_signature"},
      {part(R"({"alg":"none"})") + "." + part(claims_with()) + ".", "algorithm_not_allowed"},
      {part(kHeader) + "." + other_claims + token.substr(dot), "bad_signature"},
      {std::string(64 * 1024, 'a'), "too_large"},
      {forge_hs256(kSecret, kHeader, claims_with("x", "\"" + std::string(64 * 1024, 'y') + "\"")),
       "too_large"},
      {forge_hs256("another secret of more than 32 bytes!", kHeader, claims_with()),
       "bad_signature"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(verify(text), expected) << text.substr(0, 200);
  }
  EXPECT_EQ(verify(token), "accepted");
}

TEST_F(TokenVerifierTest, no_changed_character_is_accepted) {
  const std::string token = good();
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char c : {'A', '-', '.', '=', '\0'}) {
      if (token[i] == c) continue;
      std::string changed = token;
      changed[i] = c;
      EXPECT_NE(verify(changed), "accepted") << i << c;
    }
  }
}

TEST_F(TokenVerifierTest, issuer_is_asked_for_when_configured) {
  const TokenVerifier strict(ring, time, {.issuer = "https://id.example"});
  const auto with = [&](std::string_view iss) {
    return outcome(strict.verify(forge_hs256(kSecret, kHeader, claims_with("iss", iss))));
  };
  EXPECT_EQ(with(R"("https://id.example")"), "accepted");
  EXPECT_EQ(with(R"("https://id.example/")"), "wrong_issuer");
  EXPECT_EQ(with(R"(["https://id.example"])"), "wrong_issuer");
  EXPECT_EQ(with(""), "no_issuer");
  SeededRandom random;
  const TokenMinter minter(Secret(std::string(kSecret)), time, random,
                           {.issuer = "https://id.example"});
  EXPECT_EQ(outcome(strict.verify(minter.mint("ann", {}, Seconds{60}).value())), "accepted");
}

TEST_F(TokenVerifierTest, weak_secret_is_marked) {
  const KeyRing weak_ring(key_of(Secret("your-secret-key")));
  const TokenVerifier weak(weak_ring, time, {});
  const auto token = weak.verify(forge_hs256("your-secret-key", kHeader, claims_with()));
  ASSERT_TRUE(token) << label(token.error());
  EXPECT_TRUE(token->weak_key);
}

// Keys of an issuer elsewhere beside our own.
class ForeignKeysTest : public TokenVerifierTest {
 protected:
  static void SetUpTestSuite() {
    rsa = new KeyPair(KeyPair::rsa(2048));
    ec = new KeyPair(KeyPair::ec("P-256"));
  }
  static void TearDownTestSuite() {
    delete rsa;
    delete ec;
  }
  void SetUp() override {
    auto keys = parse_jwks(R"({"keys":[)" + rsa->jwk("r1") + "," + ec->jwk("e1") + "]}");
    ASSERT_TRUE(keys) << keys.error().sentence;
    ring.replace_others(std::move(*keys));
  }
  static KeyPair* rsa;
  static KeyPair* ec;
};
KeyPair* ForeignKeysTest::rsa = nullptr;
KeyPair* ForeignKeysTest::ec = nullptr;

TEST_F(ForeignKeysTest, good_tokens_of_each_algorithm) {
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"RS256","kid":"r1"})", claims_with())), "accepted");
  EXPECT_EQ(verify(ec->forge(R"({"alg":"ES256","kid":"e1"})", claims_with())), "accepted");
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"RS256"})", claims_with())), "accepted");
  EXPECT_EQ(verify(good()), "accepted") << "our own key stays";
}

TEST_F(ForeignKeysTest, S1_public_keys_are_no_secrets) {
  for (const std::string& secret :
       {rsa->pem(), rsa->pem().substr(0, rsa->pem().size() - 1), rsa->jwk("r1"), ec->pem(),
        ec->jwk("e1"), std::string("{\"keys\":[") + rsa->jwk("r1") + "]}"}) {
    EXPECT_EQ(verify(forge_hs256(secret, R"({"alg":"HS256"})", claims_with())), "bad_signature");
    EXPECT_EQ(verify(forge_hs256(secret, R"({"alg":"HS256","kid":"r1"})", claims_with())),
              "unknown_key");
    EXPECT_EQ(verify(forge_hs256(secret, R"({"alg":"HS256","kid":"e1"})", claims_with())),
              "unknown_key");
    EXPECT_NE(verify(forge_hs256(secret, R"({"alg":"RS256","kid":"r1"})", claims_with())),
              "accepted");
  }
}

TEST_F(ForeignKeysTest, S1_algorithms_do_not_swap) {
  EXPECT_EQ(verify(ec->forge(R"({"alg":"RS256","kid":"r1"})", claims_with())), "bad_signature");
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"ES256","kid":"e1"})", claims_with())), "bad_signature");
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"RS256","kid":"e1"})", claims_with())), "unknown_key");
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"RS256","kid":"butai"})", claims_with())), "unknown_key");
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"PS256","kid":"r1"})", claims_with())),
            "algorithm_not_allowed");
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"RS512","kid":"r1"})", claims_with())),
            "algorithm_not_allowed");
}

TEST_F(ForeignKeysTest, S1_blank_ecdsa_signatures_are_refused) {
  const std::string head = testing::unsigned_token(R"({"alg":"ES256","kid":"e1"})", claims_with());
  for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 128u}) {
    const std::vector<std::uint8_t> zeros(size);
    EXPECT_EQ(verify(head + "." + base64url(zeros)), "bad_signature") << size;
  }
}

TEST_F(ForeignKeysTest, stranger_with_the_same_kid_is_refused) {
  const KeyPair stranger = KeyPair::ec("P-256");
  EXPECT_EQ(verify(stranger.forge(R"({"alg":"ES256","kid":"e1"})", claims_with())),
            "bad_signature");
}

TEST_F(ForeignKeysTest, two_keys_of_one_algorithm_need_a_kid) {
  auto keys = parse_jwks(R"({"keys":[)" + ec->jwk("e1") + "," + ec->jwk("e2") + "]}");
  ring.replace_others(std::move(*keys));
  EXPECT_EQ(verify(ec->forge(R"({"alg":"ES256"})", claims_with())), "key_not_named");
  EXPECT_EQ(verify(ec->forge(R"({"alg":"ES256","kid":"e2"})", claims_with())), "accepted");
}

TEST_F(ForeignKeysTest, unknown_kid_is_reported) {
  int reports = 0;
  ring.on_missing([&] { ++reports; });
  EXPECT_EQ(verify(ec->forge(R"({"alg":"ES256","kid":"new"})", claims_with())), "unknown_key");
  EXPECT_EQ(verify(ec->forge(R"({"alg":"ES256","kid":"e1"})", claims_with())), "accepted");
  EXPECT_EQ(reports, 1);
}

TEST_F(TokenVerifierTest, a_known_token_expires_like_any_other) {
  const std::string token = good();
  EXPECT_EQ(verify(token), "accepted");
  EXPECT_EQ(verify(token), "accepted");
  EXPECT_EQ(verify(token.substr(0, token.size() - 4) + "AAAA"), "bad_signature");
  time.advance(Seconds{629});
  EXPECT_EQ(verify(token), "accepted");
  time.advance(Seconds{2});
  EXPECT_EQ(verify(token), "expired");
}

TEST_F(ForeignKeysTest, a_known_token_of_replaced_keys_is_refused) {
  const std::string token = rsa->forge(R"({"alg":"RS256","kid":"r1"})", claims_with());
  EXPECT_EQ(verify(token), "accepted");
  EXPECT_EQ(verify(token), "accepted");
  auto keys = parse_jwks(R"({"keys":[)" + rsa->jwk("r2") + "]}");
  ring.replace_others(std::move(*keys));
  EXPECT_EQ(verify(token), "unknown_key");
}

TEST_F(ForeignKeysTest, replaced_keys_are_gone) {
  auto keys = parse_jwks(R"({"keys":[)" + rsa->jwk("r2") + "]}");
  ring.replace_others(std::move(*keys));
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"RS256","kid":"r1"})", claims_with())), "unknown_key");
  EXPECT_EQ(verify(rsa->forge(R"({"alg":"RS256","kid":"r2"})", claims_with())), "accepted");
}

TEST_F(ForeignKeysTest, table_of_key_lists) {
  const auto count = [](const std::string& json) {
    const auto keys = parse_jwks(json);
    return keys ? static_cast<int>(keys->size()) : -1;
  };
  const std::string good_key = rsa->jwk("r1");
  EXPECT_EQ(count(R"({"keys":[)" + good_key + "]}"), 1);
  EXPECT_EQ(count(R"({"keys":[)" + rsa->jwk("r", R"(,"use":"sig","alg":"RS256")") + "]}"), 1);
  EXPECT_EQ(count(R"({"keys":[)" + rsa->jwk("r", R"(,"use":"enc")") + "]}"), -1);
  EXPECT_EQ(count(R"({"keys":[)" + rsa->jwk("r", R"(,"alg":"RSA-OAEP")") + "]}"), -1);
  EXPECT_EQ(count(R"({"keys":[)" + rsa->jwk("r", R"(,"alg":"HS256")") + "]}"), -1);
  EXPECT_EQ(count(R"({"keys":[{"kty":"oct","k":"AAAA","kid":"o"}]})"), -1);
  EXPECT_EQ(count(R"({"keys":[7,{"kty":"oct","k":"AAAA"},)" + good_key + "]}"), 1);
  EXPECT_EQ(count(R"({"keys":[)" + KeyPair::rsa(1024).jwk("small") + "]}"), -1);
  EXPECT_EQ(count(R"({"keys":{}})"), -1);
  EXPECT_EQ(count(R"({"keys":[]})"), -1);
  EXPECT_EQ(count("[]"), -1);
  EXPECT_EQ(count("not json"), -1);
  EXPECT_EQ(count(R"({"keys":[{"kty":"RSA","n":"","e":""}]})"), -1);
  EXPECT_EQ(count(R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})"), -1);
}

}  // namespace
}  // namespace butai::access
