#include "licenses/clear_key.h"

#include <gtest/gtest.h>

#include "drm/testing/keys.h"

namespace butai::licenses {
namespace {

TEST(ClearKey, reads_what_players_send) {
  const auto kids =
      parse_clear_key_request(R"({"kids":["ABEiM0RVZneImaq7zN3u_w"],"type":"temporary"})");
  ASSERT_TRUE(kids) << kids.error().sentence;
  ASSERT_EQ(kids->size(), 1u);
  EXPECT_EQ(drm::to_hex(kids->front()), "00112233445566778899aabbccddeeff");
}

TEST(ClearKey, answers_as_the_standard_says) {
  const auto key = drm::testing::content_key();
  EXPECT_EQ(
      clear_key_answer({{key.kid, key.key}}),
      R"({"keys":[{"kty":"oct","kid":"ABEiM0RVZneImaq7zN3u_g","k":"_-7dzLuqmYh3ZlVEMyIRAA"}],)"
      R"("type":"temporary"})");
}

TEST(ClearKey, refuses_the_rest_with_a_sentence) {
  for (const std::string_view wrong :
       {"", "[]", "{}", R"({"kids":{}})", R"({"kids":[]})", R"({"kids":[7]})", R"({"kids":["AA"]})",
        R"({"kids":["ABEiM0RVZneImaq7zN3u/w"]})", R"({"kids":["ABEiM0RVZneImaq7zN3u_w=="]})",
        R"({"kids":["ABEiM0RVZneImaq7zN3u_w"],"kids":[]})"}) {
    const auto kids = parse_clear_key_request(wrong);
    ASSERT_FALSE(kids) << wrong;
    EXPECT_FALSE(kids.error().sentence.empty());
  }
  EXPECT_FALSE(parse_clear_key_request(std::string(20'000, ' ')));
}

}  // namespace
}  // namespace butai::licenses
