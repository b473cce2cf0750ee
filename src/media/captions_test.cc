#include "media/captions.h"

#include <gtest/gtest.h>

#include "media/testing/captions.h"
#include "media/testing/tracks.h"

namespace butai::media {
namespace {

using testing::Triplet;
using testing::video_frame;
using testing::with_captions;

std::vector<std::string> seen(const std::vector<Triplet>& triplets) {
  return names_of(find_captions(with_captions(video_frame(0, true).data, triplets)));
}

TEST(Captions, a_picture_without_any_has_none) {
  EXPECT_TRUE(find_captions(video_frame(0, true).data).none());
  EXPECT_EQ(seen({{0, 0x80, 0x80}, {1, 0x80, 0x80}}), (std::vector<std::string>{}));
}

TEST(Captions, a_control_code_tells_its_line) {
  // Resume caption loading (14 20, with parity 94 20) of each channel and field.
  EXPECT_EQ(seen({{0, 0x94, 0x20}}), (std::vector<std::string>{"CC1"}));
  EXPECT_EQ(seen({{0, 0x1c, 0x20}}), (std::vector<std::string>{"CC2"}));
  EXPECT_EQ(seen({{1, 0x15, 0x20}}), (std::vector<std::string>{"CC3"}));
  EXPECT_EQ(seen({{1, 0x9d, 0x20}}), (std::vector<std::string>{"CC4"}));
}

TEST(Captions, text_and_programme_data_tell_nothing) {
  EXPECT_EQ(seen({{0, 'H', 'I'}, {1, 0x01, 0x03}}), (std::vector<std::string>{}));
}

TEST(Captions, a_packet_of_708_tells_its_first_service) {
  EXPECT_EQ(seen({{3, 0x02, 0x21}}), (std::vector<std::string>{"SERVICE1"}));
  EXPECT_EQ(seen({{3, 0x02, 0x40}, {2, 0x21, 0x21}}), (std::vector<std::string>{}));
}

TEST(Captions, every_truncation_is_no_more_than_the_whole) {
  const Bytes whole = with_captions(video_frame(0, true).data, {{0, 0x94, 0x20}, {3, 0x02, 0x21}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const CaptionChannels part = find_captions(whole.view().first(size));
    EXPECT_EQ(part | find_captions(whole), find_captions(whole)) << size;
  }
}

TEST(RecoveryPoint, is_told_from_other_messages) {
  EXPECT_TRUE(
      has_recovery_point(testing::from_hex("06060184"
                                           "80")));
  EXPECT_TRUE(
      has_recovery_point(testing::from_hex("06"
                                           "050100"
                                           "060184"
                                           "80")));
  EXPECT_FALSE(has_recovery_point(testing::caption_sei({{0, 0x94, 0x20}})));
  EXPECT_FALSE(has_recovery_point(testing::from_hex("06")));
}

}  // namespace
}  // namespace butai::media
