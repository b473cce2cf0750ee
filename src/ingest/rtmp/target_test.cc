#include "ingest/rtmp/target.h"

#include <gtest/gtest.h>

#include <string>

namespace butai::ingest::rtmp {
namespace {

TEST(RtmpTarget, a_channel_with_a_token_or_a_key_alone) {
  const auto channel = read_target({"main", "token=a.b.c"});
  ASSERT_TRUE(channel);
  EXPECT_EQ(channel->word, "main");
  EXPECT_EQ(channel->token, "a.b.c");
  EXPECT_EQ(channel->slot, live::InputSlot::A);
  const auto key = read_target({"sk_x-y", "input=b"});
  ASSERT_TRUE(key);
  EXPECT_EQ(key->word, "sk_x-y");
  EXPECT_TRUE(key->token.empty());
  EXPECT_EQ(key->slot, live::InputSlot::B);
}

TEST(RtmpTarget, B7_names_that_are_none_are_refused) {
  for (const std::string& name :
       {std::string(), std::string(65, 'x'), std::string(70'000, 'x'), std::string("a\0b", 3),
        std::string("%s%n"), std::string("a\r\nb"), std::string("\xc3\x28"), std::string("a b")}) {
    EXPECT_FALSE(read_target({name, "token=t"})) << name.substr(0, 20);
  }
}

TEST(RtmpTarget, B8_a_path_is_no_name) {
  for (const char* name : {"../../etc/passwd", "a/b", "..", "/main", "main/", "a%2fb", "a\\b"}) {
    EXPECT_FALSE(read_target({name, "token=t"})) << name;
  }
}

TEST(RtmpTarget, queries_that_make_no_sense_are_refused) {
  EXPECT_FALSE(read_target({"main", "input=c"}));
  EXPECT_FALSE(read_target({"main", "token=%zz"}));
  EXPECT_FALSE(read_target({"main", "token=" + std::string(100'000, 'a')}));
  EXPECT_TRUE(read_target({"main", "unknown=1"}));
}

}  // namespace
}  // namespace butai::ingest::rtmp
