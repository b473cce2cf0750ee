#include "access/edge_links.h"

#include <gtest/gtest.h>

namespace butai::access {
namespace {

const EdgeKey kNew{"b", "0123456789abcdef0123456789abcdef"};
const EdgeKey kOld{"a", "fedcba9876543210fedcba9876543210"};
const Utc kNow = utc_of(1'800'000'030'000'000);  // 30 s into a minute

TEST(EdgeLinks, are_what_nginx_computes) {
  // echo -n '1800000360 stage 0123456789abcdef0123456789abcdef' | openssl md5 -binary | basenc --base64url
  EXPECT_EQ(EdgeLinks(kNew).right("stage", kNow), "e-b-1800000360--1QbaZL7Q2SOnOu0HV6m1A");
}

TEST(EdgeLinks, are_the_same_for_a_minute_and_good_for_five) {
  const EdgeLinks links(kNew);
  const std::string right = links.right("stage", kNow);
  EXPECT_EQ(links.right("stage", kNow + Seconds{29}), right);
  EXPECT_NE(links.right("stage", kNow + Seconds{30}), right);
  EXPECT_TRUE(links.check(right, "stage", kNow + Seconds{300}));
  EXPECT_EQ(links.check(right, "stage", kNow + Seconds{330}).error(), Refusal::PlayExpired);
}

TEST(EdgeLinks, open_their_own_channel_until_nobody_changes_them) {
  const EdgeLinks links(kNew);
  const std::string right = links.right("stage", kNow);
  EXPECT_EQ(links.check(right, "other", kNow).error(), Refusal::BadPlay);
  std::string later = right;
  later.replace(4, 10, "1900000360");
  std::string forged = right;
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  for (const std::string& bad : {later, forged, std::string("e-"), std::string("e-b"),
                                 std::string("e-b-"), std::string("e-b-x-y"), right + "A",
                                 right.substr(0, right.size() - 1), std::string("e--1-2")}) {
    EXPECT_FALSE(links.check(bad, "stage", kNow)) << bad;
  }
}

TEST(EdgeLinks, two_secrets_are_valid_while_they_change) {
  const std::string old = EdgeLinks(kOld).right("stage", kNow);
  EXPECT_TRUE(EdgeLinks(kNew, kOld).check(old, "stage", kNow));
  EXPECT_FALSE(EdgeLinks(kNew).check(old, "stage", kNow));
  EXPECT_FALSE(EdgeLinks().check(old, "stage", kNow)) << "without a key there are none";
  EXPECT_TRUE(EdgeLinks::is_one(old));
}

TEST(EdgeLinks, keys_have_a_name_and_32_bytes) {
  const auto key = parse_edge_key("k1:0123456789abcdef0123456789abcde:f");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "k1");
  EXPECT_EQ(key->secret, "0123456789abcdef0123456789abcde:f");
  for (const std::string_view wrong :
       {"", "0123456789abcdef0123456789abcdef", ":0123456789abcdef0123456789abcdef",
        "K:0123456789abcdef0123456789abcdef", "a-b:0123456789abcdef0123456789abcdef", "a:short",
        "abcdefghi:0123456789abcdef0123456789abcdef"}) {
    EXPECT_FALSE(parse_edge_key(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace butai::access
