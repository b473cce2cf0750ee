#include "delivery/in_hand.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "media/testing/tracks.h"

namespace butai::delivery {
namespace {

constexpr std::int64_t kOrigin = 1'800'000'000;  // seconds since 1970

class InHand : public ::testing::Test {
 protected:
  explicit InHand(live::Latency latency = live::Latency::Stable) : view_("main", latency) {
    auto presentation = std::make_shared<live::Presentation>();
    presentation->renditions.push_back(
        {.name = "video", .track = media::testing::video_track(), .codecs = "", .init = {}});
    tell(live::PresentationPtr(std::move(presentation)));
  }
  void tell(live::PackageEvent event) { view_.apply(live::Update{std::move(event)}); }
  // Segments of 2 s, each begun, filled and ended, from `second` after the origin.
  void segments(std::int64_t second, int count, bool filled = true) {
    for (int i = 0; i < count; ++i) {
      const Ticks start{(kOrigin + second + 2LL * i) * 90'000, 90'000};
      tell(live::SegmentOpened{media::kVideoTrack, number_++, start, 1, i == 0});
      live::Chunk chunk;
      chunk.start = start;
      chunk.bytes = Bytes::copy_of("chunk");
      if (filled) tell(std::make_shared<const live::Chunk>(std::move(chunk)));
      tell(live::SegmentClosed{media::kVideoTrack, {180'000, 90'000}});
    }
  }

  live::ChannelView view_;
  std::uint64_t number_ = 1;
};
struct LowInHand : InHand {
  LowInHand() : InHand(live::Latency::Low) {}
};

TEST_F(InHand, a_stable_channel_is_shown_with_twelve_seconds) {
  EXPECT_FALSE(is_in_hand(view_));
  segments(0, 5);
  EXPECT_FALSE(is_in_hand(view_));
  segments(10, 1);
  EXPECT_TRUE(is_in_hand(view_));
}

TEST_F(InHand, what_is_missing_or_of_a_rehearsal_does_not_count) {
  segments(0, 10, false);
  EXPECT_FALSE(is_in_hand(view_)) << "gaps";
  segments(20, 10);
  EXPECT_TRUE(is_in_hand(view_));
  segments(3600, 5);
  EXPECT_FALSE(is_in_hand(view_)) << "an hour later";
  segments(3610, 1);
  EXPECT_TRUE(is_in_hand(view_));
}

TEST_F(InHand, a_short_break_and_the_end_let_people_in) {
  segments(0, 6);
  segments(40, 1);
  EXPECT_TRUE(is_in_hand(view_)) << "half a minute later";
  segments(3600, 1);
  EXPECT_FALSE(is_in_hand(view_));
  view_.apply(live::Update{live::Ended{}});
  EXPECT_TRUE(is_in_hand(view_));
}

TEST_F(LowInHand, other_channels_are_shown_at_once) { EXPECT_TRUE(is_in_hand(view_)); }

}  // namespace
}  // namespace butai::delivery
