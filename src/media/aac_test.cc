#include "media/aac.h"

#include <gtest/gtest.h>

#include "media/testing/tracks.h"

namespace butai::media {
namespace {

using testing::from_hex;

TEST(AacConfig, reads_what_encoders_write) {
  EXPECT_EQ(parse_aac_config(from_hex(testing::kAacMono48)), (AacConfig{2, 48'000, 1}));
  EXPECT_EQ(parse_aac_config(from_hex("1210")), (AacConfig{2, 44'100, 2}));
  EXPECT_EQ(parse_aac_config(from_hex("11b8")), (AacConfig{2, 48'000, 8}));
  // Explicit SBR: object type 5, 24 kHz core, 48 kHz output, AAC-LC inside.
  EXPECT_EQ(parse_aac_config(from_hex("2b118800")), (AacConfig{5, 24'000, 2}));
  // A rate of its own: index 15, 24 bits.
  EXPECT_EQ(parse_aac_config(from_hex("178030d410")), (AacConfig{2, 25'000, 2}));
}

TEST(AacConfig, B11_refuses_what_cannot_be_played) {
  EXPECT_EQ(parse_aac_config({}).error(), AacError::Truncated);
  EXPECT_EQ(parse_aac_config(from_hex("12")).error(), AacError::Truncated);
  EXPECT_EQ(parse_aac_config(from_hex("0010")).error(), AacError::BadObjectType);
  EXPECT_EQ(parse_aac_config(from_hex("f8e82000")).error(), AacError::BadObjectType);
  EXPECT_EQ(parse_aac_config(from_hex("1690")).error(), AacError::BadRate);        // index 13
  EXPECT_EQ(parse_aac_config(from_hex("1780000010")).error(), AacError::BadRate);  // 0 Hz
  EXPECT_EQ(parse_aac_config(from_hex("1200")).error(), AacError::BadChannels);
  EXPECT_EQ(parse_aac_config(from_hex("1240")).error(), AacError::BadChannels);
}

TEST(AacConfig, is_written_and_read_back_the_same) {
  for (const std::uint32_t rate : {96'000u, 48'000u, 44'100u, 16'000u, 8'000u}) {
    for (const std::uint16_t channels : {1, 2, 6, 8}) {
      const AacConfig config{2, rate, channels};
      const auto made = make_aac_config(config);
      ASSERT_TRUE(made);
      EXPECT_EQ(parse_aac_config(*made), config);
    }
  }
  EXPECT_FALSE(make_aac_config({2, 12'345, 2}));
  EXPECT_FALSE(make_aac_config({2, 48'000, 7}));
  EXPECT_FALSE(make_aac_config({42, 48'000, 2}));
}

TEST(Adts, gives_the_frame_without_its_header) {
  // 48 kHz stereo, AAC-LC, no CRC, 11 bytes in all.
  const Bytes bytes = from_hex(
      "fff14c80017ffc"
      "21100504"
      "fff1");
  const auto frame = parse_adts(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->config, (AacConfig{2, 48'000, 2}));
  EXPECT_EQ(frame->whole_size, 11u);
  EXPECT_EQ(frame->frame.size(), 4u);
  EXPECT_EQ(frame->frame[0], 0x21);
}

TEST(Adts, B11_refuses_lengths_that_lie) {
  const Bytes bytes = from_hex("fff14c80017ffc21100504");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(parse_adts(bytes.view().first(length)).error(), AacError::Truncated) << length;
  }
  EXPECT_EQ(parse_adts(from_hex("fff14c80005ffc21100504")).error(), AacError::Truncated);  // 2
  EXPECT_EQ(parse_adts(from_hex("00f14c80017ffc21100504")).error(), AacError::NotAdts);
  EXPECT_EQ(parse_adts(from_hex("fff17c80017ffc21100504")).error(), AacError::BadRate);
  EXPECT_EQ(parse_adts(from_hex("fff14c00017ffc21100504")).error(), AacError::BadChannels);
}

// AAC-LC at 48 kHz without a number, and a program_config_element with these front elements.
TEST(AacConfig, dual_mono_is_told_from_other_layouts) {
  const Bytes two_single = from_hex("118004c800000010");
  EXPECT_EQ(parse_aac_config(two_single).error(), AacError::DualMono);
  // One pair: 0001 in front, is_cpe 1.
  const Bytes one_pair = from_hex("118004c4000020");
  EXPECT_EQ(parse_aac_config(one_pair).error(), AacError::BadChannels);
  EXPECT_EQ(parse_aac_config(from_hex("1180")).error(), AacError::BadChannels);
}

TEST(Adts, dual_mono_of_broadcasting_begins_with_a_single_element) {
  // channel_configuration 0; the block begins with 000 (a single element), or 001 (a pair).
  const Bytes single = from_hex("fff14c00013ffc0102");
  EXPECT_EQ(parse_adts(single).error(), AacError::DualMono);
  const Bytes pair = from_hex("fff14c00013ffc2102");
  EXPECT_EQ(parse_adts(pair).error(), AacError::BadChannels);
}

}  // namespace
}  // namespace butai::media
