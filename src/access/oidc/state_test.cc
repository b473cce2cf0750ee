#include "access/oidc/state.h"

#include <gtest/gtest.h>

#include "access/oidc/limits.h"
#include "access/oidc/own_path.h"
#include "access/testing/seeded_random.h"

namespace butai::access::oidc {
namespace {

constexpr Utc kNow = utc_of(1'800'000'000'000'000);

class StateTest : public ::testing::Test {
 protected:
  access::testing::SeededRandom random;
  Secret secret{"CNRY-secret-0123456789abcdef0123456789abcdef"};
  StateSeal seal{secret, random};
};

TEST_F(StateTest, both_halves_come_back_and_belong_together) {
  const auto begun = seal.begin("line", "/e/night/buy?type=tt_1", "ac_1", 1, kNow);
  const auto state = seal.open_state(seal.seal(begun.state), kNow);
  const auto memory = seal.open_memory(seal.lock(begun.memory));
  ASSERT_TRUE(state && memory);
  EXPECT_EQ(state->id, memory->id);
  EXPECT_EQ(state->return_to, "/e/night/buy?type=tt_1");
  EXPECT_EQ(state->tries, 1);
  EXPECT_EQ(memory->provider, "line");
  EXPECT_EQ(memory->account, "ac_1");
  EXPECT_EQ(memory->verifier.size(), 43u);  // RFC 7636 section 4.1
  EXPECT_NE(memory->nonce, memory->verifier);
}

TEST_F(StateTest, no_two_are_alike) {
  const auto a = seal.begin("line", "/", "", 0, kNow);
  const auto b = seal.begin("line", "/", "", 0, kNow);
  EXPECT_NE(a.state.id, b.state.id);
  EXPECT_NE(a.memory.nonce, b.memory.nonce);
  EXPECT_NE(a.memory.verifier, b.memory.verifier);
}

TEST_F(StateTest, what_was_changed_or_made_elsewhere_is_nothing) {
  const auto begun = seal.begin("line", "/", "", 0, kNow);
  std::string state = seal.seal(begun.state);
  std::string cookie = seal.lock(begun.memory);
  state[3] = state[3] == 'A' ? 'B' : 'A';
  cookie[3] = cookie[3] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(seal.open_state(state, kNow));
  EXPECT_FALSE(seal.open_memory(cookie));
  StateSeal other(Secret("CNRY-other-0123456789abcdef0123456789abcdef"), random);
  EXPECT_FALSE(seal.open_state(other.seal(begun.state), kNow));
  EXPECT_FALSE(seal.open_memory(other.lock(begun.memory)));
  EXPECT_FALSE(seal.open_state("", kNow));
  EXPECT_FALSE(seal.open_memory(std::string(5000, 'A')));
}

TEST_F(StateTest, its_time_ends) {
  const std::string state = seal.seal(seal.begin("line", "/", "", 0, kNow).state);
  EXPECT_TRUE(seal.open_state(state, kNow + kSignInLife - Seconds{1}));
  EXPECT_FALSE(seal.open_state(state, kNow + kSignInLife));
}

TEST_F(StateTest, the_cookie_shows_nothing_of_what_it_keeps) {
  const auto begun = seal.begin("line", "/", "ac_1", 0, kNow);
  const auto bytes = from_base64url(seal.lock(begun.memory)).value();
  EXPECT_EQ(as_text(bytes).find(begun.memory.verifier), std::string_view::npos);
}

TEST(CodeChallenge, is_that_of_the_rfc) {
  // RFC 7636 appendix B.
  EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(OwnPath, pages_of_this_site_and_nothing_else) {
  for (const char* path :
       {"/", "/tickets", "/e/night/buy?type=tt_1&x=%E3%81%82", "/watch/main#t"}) {
    EXPECT_TRUE(is_own_path(path)) << path;
  }
  for (const char* path :
       {"", "tickets", "//evil.example", "/\\evil.example", "/\\/evil.example", "\\\\evil.example",
        "https://evil.example", "/\t/evil.example", "/ /evil", "/a\r\nSet-Cookie: x",
        "/auth/line/start", "javascript:alert(1)", "/\xe3\x81\x82"}) {
    EXPECT_FALSE(is_own_path(path)) << path;
  }
  EXPECT_FALSE(is_own_path("/" + std::string(kReturnBytesMax, 'x')));
}

}  // namespace
}  // namespace butai::access::oidc
