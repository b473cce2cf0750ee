#include "ingest/rtmp/amf0_codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ingest/rtmp/limits.h"

namespace butai::ingest::rtmp {
namespace {

using Raw = std::vector<std::uint8_t>;

Raw operator+(Raw a, const Raw& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Amf0, a_connect_command_is_read_and_written_the_same) {
  const Amf0Values connect = {"connect", 1.0,
                              Amf0Value::object({{"app", "live"},
                                                 {"tcUrl", "rtmp://example.org/live"},
                                                 {"fpad", Amf0Value::boolean(false)},
                                                 {"capabilities", 239.0}})};
  const auto read = decode_amf0(encode_amf0(connect));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, connect);
  EXPECT_EQ((*read)[2].text_of("app"), "live");
  EXPECT_EQ((*read)[2].number_of("capabilities"), 239);
  EXPECT_EQ((*read)[2].text_of("capabilities"), "");
  EXPECT_EQ((*read)[2].find("nothing"), nullptr);
}

TEST(Amf0, long_texts_have_a_long_length) {
  const Amf0Values values = {std::string_view(std::string(0x10000 - 40, 'x')), Amf0Value{},
                             std::string_view("y")};
  EXPECT_EQ(*decode_amf0(encode_amf0(values)), values);
  Raw text{12, 0, 0, 0, 2, 'h', 'i'};
  EXPECT_EQ((*decode_amf0(text))[0].text, "hi");
}

TEST(Amf0, dates_and_arrays_are_read) {
  const Raw date = Raw{11} + Raw(8, 0) + Raw{0, 0};
  const Raw strict{10, 0, 0, 0, 2, 5, 6};
  const auto read = decode_amf0(date + strict);
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)[0].kind, Amf0Value::Kind::Date);
  ASSERT_EQ((*read)[1].members.size(), 2u);
  EXPECT_EQ((*read)[1].members[1].value.kind, Amf0Value::Kind::Undefined);
}

TEST(Amf0, B6_seventy_thousand_nested_arrays_and_objects_are_too_deep) {
  Raw arrays, objects;
  for (int i = 0; i < 10'000; ++i) {
    arrays.insert(arrays.end(), {10, 0, 0, 0, 1});
    objects.insert(objects.end(), {3, 0, 1, 'a'});
  }
  EXPECT_EQ(decode_amf0(arrays).error(), Amf0Error::TooDeep);
  EXPECT_EQ(decode_amf0(objects).error(), Amf0Error::TooDeep);
  EXPECT_EQ(decode_amf0(Raw(70'000 * 5, 10)).error(), Amf0Error::TooLarge);
}

TEST(Amf0, B6_a_count_of_four_billion_allocates_nothing) {
  EXPECT_EQ(decode_amf0(Raw{10, 0xff, 0xff, 0xff, 0xff}).error(), Amf0Error::Truncated);
  EXPECT_EQ(decode_amf0(Raw{10, 0xff, 0xff, 0xff, 0xff} + Raw(2'000, 5)).error(),
            Amf0Error::TooMany);
  // An array's count is only a hint, as encoders write 0.
  EXPECT_TRUE(decode_amf0(Raw{8, 0xff, 0xff, 0xff, 0xff, 0, 0, 9}));
}

TEST(Amf0, B6_missing_ends_and_lengths_beyond_the_message_are_truncated) {
  EXPECT_EQ(decode_amf0(Raw{3, 0, 1, 'a', 5}).error(), Amf0Error::Truncated);
  EXPECT_EQ(decode_amf0(Raw{3, 0, 0}).error(), Amf0Error::Truncated);
  EXPECT_EQ(decode_amf0(Raw{2, 0, 5, 'h', 'i'}).error(), Amf0Error::Truncated);
  EXPECT_EQ(decode_amf0(Raw{12, 0xff, 0xff, 0xff, 0xff, 'h'}).error(), Amf0Error::Truncated);
  EXPECT_EQ(decode_amf0(Raw{0, 1, 2}).error(), Amf0Error::Truncated);
}

TEST(Amf0, B6_references_and_amf3_are_refused) {
  EXPECT_EQ(decode_amf0(Raw{7, 0, 0}).error(), Amf0Error::UnknownType);
  EXPECT_EQ(decode_amf0(Raw{17, 1}).error(), Amf0Error::UnknownType);
  EXPECT_EQ(decode_amf0(Raw{16, 0, 1, 'x', 0, 0, 9}).error(), Amf0Error::UnknownType);
}

}  // namespace
}  // namespace butai::ingest::rtmp
