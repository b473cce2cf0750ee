#include "package/rate.h"

#include <gtest/gtest.h>

#include "media/testing/tracks.h"

namespace butai::package {
namespace {

using media::testing::video_frame;
using media::testing::video_track;

TEST(Rate, knows_a_thirtieth_before_anything_else) {
  Rate rate(video_track({0, 1}));
  EXPECT_EQ(rate.predict(video_frame(0, true)), 3000);
}

TEST(Rate, takes_the_tracks_rate_at_once) {
  Rate rate(video_track({25, 1}));
  EXPECT_EQ(rate.predict(video_frame(0, true)), 3600);
}

TEST(Rate, takes_the_median_when_the_track_does_not_say) {
  Rate rate(video_track({0, 1}));
  rate.predict(video_frame(0, true));
  rate.predict(video_frame(4500, false));
  rate.predict(video_frame(9000, false));
  rate.predict(video_frame(40'000, false));  // one frame was lost
  EXPECT_EQ(rate.predict(video_frame(44'500, false)), 4500);
}

TEST(Rate, doubts_the_track_when_frames_say_otherwise) {
  Rate rate(video_track({30, 1}));
  std::int64_t last = 0;
  for (int i = 0; i < 20; ++i) last = rate.predict(video_frame(i * 6000, false));
  EXPECT_EQ(last, 6000);  // the camera gives 15 in the dark
}

TEST(Rate, is_not_moved_by_jitter) {
  Rate rate(video_track({30, 1}));
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(rate.predict(video_frame(i * 3000 + (i % 3) * 90, false)), 3000);
  }
}

TEST(Rate, believes_a_frames_own_duration_within_reason) {
  Rate rate(video_track({30, 1}));
  media::Frame frame = video_frame(0, true);
  frame.duration = 4000;
  EXPECT_EQ(rate.predict(frame), 4000);
  frame.dts = 4000;
  frame.duration = 90'000 * 60;
  EXPECT_EQ(rate.predict(frame), 3000);
}

TEST(Rate, does_not_count_the_step_of_a_discontinuity) {
  Rate rate(video_track({0, 1}));
  rate.predict(video_frame(0, true));
  rate.predict(video_frame(3000, false));
  rate.restart();
  EXPECT_EQ(rate.predict(video_frame(50'000, true)), 3000);
}

}  // namespace
}  // namespace butai::package
