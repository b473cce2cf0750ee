#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace butai {
namespace {

Bytes with_room(std::string_view room, std::string_view contents) {
  const std::string all = std::string(room) + std::string(contents);
  return Bytes({all.begin(), all.end()}, room.size());
}

TEST(bytes, a_head_goes_into_the_room_in_front_and_nothing_is_copied) {
  const Bytes frame = with_room("....", "frame");
  EXPECT_EQ(frame.text(), "frame");
  const auto whole = frame.with_head(as_bytes("head"));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->text(), "headframe");
  EXPECT_EQ(whole->data() + 4, frame.data());
  EXPECT_EQ(frame.text(), "frame");
}

TEST(bytes, what_was_shown_is_never_written_over) {
  const Bytes frame = with_room("......", "frame");
  ASSERT_TRUE(frame.with_head(as_bytes("head")));
  EXPECT_FALSE(frame.with_head(as_bytes("x"))) << "a head stands there";
  EXPECT_FALSE(frame.slice(2, 3).with_head(as_bytes("x"))) << "contents stand there";
  EXPECT_FALSE(with_room("..", "frame").with_head(as_bytes("head"))) << "too little room";
  EXPECT_FALSE(Bytes::copy_of("frame").with_head(as_bytes("x")));
  EXPECT_FALSE(Bytes().with_head(as_bytes("x")));
}

TEST(bytes, what_its_only_owner_trims_off_becomes_room) {
  Bytes body = with_room("..", "flvframe");
  body.trim(3);
  EXPECT_EQ(body.text(), "frame");
  EXPECT_EQ(body.with_head(as_bytes("heads"))->text(), "headsframe");
  Bytes shared = with_room("..", "flvframe");
  const Bytes other = shared;
  shared.trim(3);
  EXPECT_EQ(shared.text(), "frame");
  EXPECT_FALSE(shared.with_head(as_bytes("x")));
  EXPECT_EQ(other.text(), "flvframe");
}

}  // namespace
}  // namespace butai
