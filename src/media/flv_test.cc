#include "media/flv.h"

#include <gtest/gtest.h>

#include <vector>

namespace butai::media {
namespace {

using Raw = std::vector<std::uint8_t>;

TEST(Flv, a_picture_is_written_and_read_with_its_composition_time) {
  const Raw unit = {0, 0, 0, 2, 0x65, 0x88};
  for (const std::int32_t composition : {0, 80, -33, 0x7f'ffff, -0x7f'ffff}) {
    const Bytes body = flv_video({FlvPart::Unit, true, composition, unit});
    const auto read = parse_flv_video(body);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->part, FlvPart::Unit);
    EXPECT_TRUE(read->key);
    EXPECT_EQ(read->composition_millis, composition);
    EXPECT_EQ(as_text(read->payload), as_text(unit));
  }
}

TEST(Flv, sound_is_written_and_read) {
  const Raw config = {0x11, 0x90};
  const Bytes body = flv_audio({FlvPart::Config, config});
  const auto read = parse_flv_audio(body);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->part, FlvPart::Config);
  EXPECT_EQ(as_text(read->payload), as_text(config));
}

TEST(Flv, B12_other_codecs_are_refused_by_name) {
  EXPECT_EQ(parse_flv_video(Raw{0x1c, 1, 0, 0, 0}).error(), FlvError::OtherCodec);
  EXPECT_EQ(flv_codec_name(FlvTag::Video, Raw{0x1c, 1, 0, 0, 0}), "H.265");
  EXPECT_EQ(parse_flv_audio(Raw{0x2f, 0}).error(), FlvError::OtherCodec);
  EXPECT_EQ(flv_codec_name(FlvTag::Audio, Raw{0x2f, 0}), "MP3");
  const Raw hevc = {0x90, 'h', 'v', 'c', '1'};
  EXPECT_EQ(parse_flv_video(hevc).error(), FlvError::Enhanced);
  EXPECT_EQ(flv_codec_name(FlvTag::Video, hevc), "Enhanced RTMP (hvc1)");
  EXPECT_EQ(flv_codec_name(FlvTag::Video, Raw{0x90, 'a', 1}), "Enhanced RTMP (a?)");
  const Raw opus = {0x90, 'O', 'p', 'u', 's'};
  EXPECT_EQ(parse_flv_audio(opus).error(), FlvError::Enhanced);
  EXPECT_EQ(flv_codec_name(FlvTag::Audio, opus), "Enhanced RTMP (Opus)");
}

TEST(Flv, B11_bodies_that_end_in_their_header_are_truncated) {
  EXPECT_EQ(parse_flv_video({}).error(), FlvError::Truncated);
  EXPECT_EQ(parse_flv_video(Raw{0x17, 1, 0, 0}).error(), FlvError::Truncated);
  EXPECT_EQ(parse_flv_audio({}).error(), FlvError::Truncated);
  EXPECT_EQ(parse_flv_audio(Raw{0xaf}).error(), FlvError::Truncated);
  EXPECT_EQ(parse_flv_audio(Raw{0xaf, 7}).error(), FlvError::BadPacketType);
  EXPECT_EQ(parse_flv_video(Raw{0x17, 9, 0, 0, 0}).error(), FlvError::BadPacketType);
}

TEST(Flv, ends_and_commands_carry_nothing) {
  EXPECT_EQ(parse_flv_video(Raw{0x17, 2, 0, 0, 0})->part, FlvPart::Nothing);
  EXPECT_EQ(parse_flv_video(Raw{0x57, 0})->part, FlvPart::Nothing);
}

TEST(Flv, tags_of_a_file_carry_32_bits_of_time) {
  const Bytes tag = flv_tag(FlvTag::Audio, 0x1'12'345678, Raw{1, 2});
  EXPECT_EQ(Raw(tag.view().begin(), tag.view().end()),
            (Raw{8, 0, 0, 2, 0x34, 0x56, 0x78, 0x12, 0, 0, 0, 1, 2, 0, 0, 0, 13}));
  EXPECT_EQ(flv_file_header().text().substr(0, 3), "FLV");
}

}  // namespace
}  // namespace butai::media
