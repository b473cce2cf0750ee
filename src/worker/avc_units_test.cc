#include "worker/avc_units.h"

#include <gtest/gtest.h>

#include <bit>
#include <initializer_list>
#include <string>
#include <vector>

#include "media/limits.h"
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

// A parameter set with other ids in front: all that stand behind its first `head` bytes are 0, one bit each.
Bytes renumbered(ByteView nal, std::size_t head, std::initializer_list<std::uint32_t> ids) {
  const std::vector<std::uint8_t> rbsp = media::unescape(nal);
  std::vector<bool> bits;
  for (const std::uint32_t id : ids) {  // ue(v), clause 9.1
    const auto length = static_cast<std::size_t>(std::bit_width(id + 1));
    bits.resize(bits.size() + length - 1);
    for (std::size_t i = length; i-- > 0;) bits.push_back(((id + 1) >> i & 1) != 0);
  }
  for (std::size_t i = head * 8 + ids.size(); i < rbsp.size() * 8; ++i) {
    bits.push_back((rbsp[i / 8] >> (7 - i % 8) & 1) != 0);
  }
  std::vector<std::uint8_t> out(rbsp.begin(), rbsp.begin() + static_cast<std::ptrdiff_t>(head));
  out.resize(head + (bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) out[head + i / 8] |= static_cast<std::uint8_t>(0x80 >> i % 8);
  }
  while (out.back() == 0) out.pop_back();
  return Bytes(media::escape(out));
}
Bytes sps_with(ByteView sps, std::uint32_t id) { return renumbered(sps, 4, {id}); }
Bytes pps_with(ByteView pps, std::uint32_t id, std::uint32_t sps_id) {
  return renumbered(pps, 1, {id, sps_id});
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

// An encoder that begins anew with another id: the old SPS is still there, and describes nothing.
TEST(AvcUnits, the_sps_that_the_key_frame_uses_describes_the_track) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  const auto renewed = sets_of(kAvcBaseline2997);
  const Bytes sps = sps_with(renewed.sps[0], 1), pps = pps_with(renewed.pps[0], 1, 1);
  ASSERT_EQ(media::parse_sps(sps).value().id, 1U);
  ASSERT_EQ(media::parse_pps(pps).value().sps_id, 1U);
  const Bytes idr_of_pps_1 = from_hex("65b5bb");
  ASSERT_EQ(media::parse_slice_start(idr_of_pps_1).value().pps_id, 1U);
  EXPECT_TRUE(units.take(media::join_lengths({sps, pps, idr_of_pps_1}))->configured);
  EXPECT_EQ(units.sps().width, 640);
  EXPECT_EQ(media::sps_of(units.config())->width, 640);
  EXPECT_FALSE(units.take(media::join_lengths({idr_of_pps_1}))->configured);
  EXPECT_TRUE(units.take(media::join_lengths({kIdr}))->configured) << "the first one again";
  EXPECT_EQ(units.sps().width, 320);
}

TEST(AvcUnits, more_parameter_sets_than_a_configuration_holds_do_not_stop_it) {
  AvcUnits units;
  units.start(from_hex(kAvcHigh30));
  const auto sets = sets_of(kAvcHigh30);
  for (std::uint32_t id = 0; id < 3 * media::kParameterSetsMax; ++id) {
    units.take(media::join_lengths({pps_with(sets.pps[0], id, 0), kDelta}));
  }
  const auto key = units.take(media::join_lengths({sets.pps[0], kIdr}));
  ASSERT_TRUE(key.has_value());
  EXPECT_TRUE(key->configured);
  const auto config = media::parse_avc_config(units.config());
  ASSERT_TRUE(config.has_value());
  EXPECT_LT(config->pps.size(), media::kParameterSetsMax);
  EXPECT_EQ(config->pps.front().text(), sets.pps[0].text());
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
