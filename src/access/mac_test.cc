#include "access/mac.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "access/sealed.h"
#include "base/clock.h"

namespace butai::access {
namespace {

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

TEST(Mac, hmac_of_rfc_4231_case_2) {
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Mac, hkdf_of_rfc_5869_case_3) {
  // Salt and info empty; the first 32 of its 42 bytes.
  const std::vector<std::uint8_t> secret(22, 0x0b);
  EXPECT_EQ(hex(hkdf_sha256(secret, "")),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(Mac, hkdf_differs_by_purpose) {
  const ByteView secret = as_bytes("0123456789abcdef0123456789abcdef");
  EXPECT_NE(hkdf_sha256(secret, "butai play 1"), hkdf_sha256(secret, "butai ticket 1"));
}

// S19: a comparison that stops at the first difference tells a guesser how far he is. Of a megabyte it would
// be a hundred thousand times faster; ours takes the same time whatever differs.
TEST(Mac, S19_secrets_are_compared_in_constant_time) {
  const std::vector<std::uint8_t> secret(1u << 20, 7);
  std::vector<std::uint8_t> first = secret, last = secret;
  first.front() ^= 1;
  last.back() ^= 1;
  const auto fastest = [&secret](const std::vector<std::uint8_t>& guess) {
    const SystemClock clock;
    auto best = Steady::duration::max();
    for (int i = 0; i < 15; ++i) {
      const Steady from = clock.steady();
      EXPECT_FALSE(equal_secrets(secret, guess));
      best = std::min(best, clock.steady() - from);
    }
    return best;
  };
  EXPECT_GT(fastest(first) * 4, fastest(last));
}

TEST(Base64url, goes_there_and_back) {
  for (const std::string_view text : {"", "a", "ab", "abc", "abcd", "\xff\xfe\xfd"}) {
    const auto back = from_base64url(base64url(as_bytes(text)));
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(as_text(*back), text);
  }
}

TEST(Base64url, refuses_what_has_a_second_spelling) {
  EXPECT_TRUE(from_base64url("YQ"));
  EXPECT_FALSE(from_base64url("YR")) << "unused bits are set";
  EXPECT_FALSE(from_base64url("YQ=="));
  EXPECT_FALSE(from_base64url("Y"));
  EXPECT_FALSE(from_base64url("YQ "));
  EXPECT_FALSE(from_base64url("Y+Q"));
  EXPECT_FALSE(from_base64url("Y/Q"));
  EXPECT_FALSE(from_base64url(std::string_view("YQ\0", 3)));
}

TEST(Sealed, opens_with_its_own_key_only) {
  const Key32 key = hkdf_sha256(as_bytes("secret"), "one");
  const Key32 other = hkdf_sha256(as_bytes("secret"), "two");
  const std::string text = seal(key, as_bytes("record"));
  ASSERT_TRUE(unseal(key, text));
  EXPECT_EQ(as_text(*unseal(key, text)), "record");
  EXPECT_FALSE(unseal(other, text));
}

TEST(Sealed, every_changed_character_is_noticed) {
  const Key32 key = hkdf_sha256(as_bytes("secret"), "one");
  const std::string text = seal(key, as_bytes("record"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(unseal(key, changed)) << i;
    EXPECT_FALSE(unseal(key, std::string_view(text).substr(0, i))) << i;
  }
}

}  // namespace
}  // namespace butai::access
