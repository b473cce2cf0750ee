#include "worker/avc_units.h"

#include <gtest/gtest.h>

#include "media/testing/tracks.h"

namespace butai::worker {
namespace {

using media::testing::from_hex;
using media::testing::kAvcBaseline2997;
using media::testing::kAvcHigh30;

const Bytes kDelimiter = from_hex("0910"), kIdr = from_hex("65aabb"), kDelta = from_hex("41aabb");
const Bytes kSei = from_hex("060102aabb80");

media::AvcConfig sets_of(std::string_view record) {
  return media::parse_avc_config(from_hex(record)).value();
}
std::string joined(const media::NalUnits& nals) {
  return std::string(media::join_lengths(nals).text());
}

TEST(AvcUnits, lengths_without_parameter_sets_stay_as_they_are) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  EXPECT_TRUE(units.ready());
  const Bytes packet = media::join_lengths({kSei, kIdr});
  const auto unit = units.take(packet);
  ASSERT_TRUE(unit.has_value());
  EXPECT_TRUE(unit->key);
  EXPECT_FALSE(unit->configured) << "known from the header";
  EXPECT_EQ(unit->data.data(), packet.data()) << "the same bytes, not a copy";
  EXPECT_EQ(units.config().text(), from_hex(kAvcHigh30).text());
}

TEST(AvcUnits, start_codes_become_lengths_and_sets_become_configuration) {
  AvcUnits units;
  units.start({});
  EXPECT_FALSE(units.ready());
  const auto sets = sets_of(kAvcHigh30);
  const auto unit =
      units.take(media::join_start_codes({kDelimiter, sets.sps[0], sets.pps[0], kSei, kIdr}));
  ASSERT_TRUE(unit.has_value());
  EXPECT_TRUE(unit->configured);
  EXPECT_EQ(unit->data.text(), joined({kSei, kIdr}));
  EXPECT_EQ(units.sps().width, 320);
  const auto delta = units.take(media::join_start_codes({kDelimiter, kDelta}));
  ASSERT_TRUE(delta.has_value());
  EXPECT_FALSE(delta->key);
  EXPECT_EQ(delta->data.text(), joined({kDelta}));
}

TEST(AvcUnits, repeated_sets_are_taken_out_and_change_nothing) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  const auto sets = sets_of(kAvcHigh30);
  const auto unit = units.take(media::join_lengths({sets.sps[0], sets.pps[0], kIdr}));
  ASSERT_TRUE(unit.has_value());
  EXPECT_FALSE(unit->configured);
  EXPECT_EQ(unit->data.text(), joined({kIdr}));
}

TEST(AvcUnits, new_sets_count_from_the_next_key_frame_on) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  const auto renewed = sets_of(kAvcBaseline2997);
  const Bytes middle = media::join_lengths({renewed.sps[0], renewed.pps[0], kDelta});
  const auto delta = units.take(middle);
  ASSERT_TRUE(delta.has_value());
  EXPECT_FALSE(delta->configured);
  EXPECT_EQ(delta->data.text(), middle.text()) << "no init segment starts here";
  const auto key = units.take(media::join_lengths({kIdr}));
  ASSERT_TRUE(key.has_value());
  EXPECT_TRUE(key->configured);
  EXPECT_EQ(units.sps().width, 640);
}

TEST(AvcUnits, start_codes_where_lengths_were_promised_are_understood) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  const auto unit = units.take(media::join_start_codes({kIdr}));
  ASSERT_TRUE(unit.has_value());
  EXPECT_EQ(unit->data.text(), joined({kIdr}));
}

// 256 to 511 bytes: the length itself reads 00 00 01 xx.
TEST(AvcUnits, a_length_that_looks_like_a_start_code_is_a_length) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  std::vector<std::uint8_t> slice(300, 0x55);
  slice[0] = kIdr.data()[0];
  const Bytes packet = media::join_lengths({slice, slice});
  const auto unit = units.take(packet);
  ASSERT_TRUE(unit.has_value());
  EXPECT_EQ(unit->data.text(), packet.text());
}

TEST(AvcUnits, what_has_no_slice_is_nothing) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  EXPECT_FALSE(units.take(media::join_lengths({kSei})).has_value());
  EXPECT_FALSE(units.take(from_hex("ffffffff0000")).has_value());
  EXPECT_FALSE(units.take(ByteView{}).has_value());
}

}  // namespace
}  // namespace butai::worker
