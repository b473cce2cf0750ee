#include "package/grid.h"

#include <gtest/gtest.h>

#include "media/testing/tracks.h"
#include "package/limits.h"

namespace butai::package {
namespace {

using media::testing::audio_track;
using media::testing::video_track;

TEST(Grid, whole_rates_have_boundaries_every_two_seconds) {
  const Grid grid = Grid::of(video_track({25, 1}), kSegment);
  EXPECT_EQ(grid.boundary(900'000'000, 90'000), 1'800'000'000LL * 90'000);
  EXPECT_EQ(grid.index({1'800'000'000LL * 90'000, 90'000}, 0), 900'000'000);
  EXPECT_EQ(grid.index({1'800'000'000LL * 90'000 - 1, 90'000}, 0), 899'999'999);
  EXPECT_EQ(grid.index({1'800'000'000LL * 90'000 - 1500, 90'000}, 1500), 900'000'000);
}

TEST(Grid, rates_of_1000_1001_have_boundaries_every_2002_milliseconds) {
  for (const media::Rational rate :
       {media::Rational{30'000, 1001}, {24'000, 1001}, {60'000, 1001}, {2997, 100}, {2398, 100}}) {
    EXPECT_TRUE(is_ntsc(rate)) << rate.num;
    EXPECT_EQ(Grid::of(video_track(rate), kSegment).length(90'000).value, 180'180);
  }
  for (const media::Rational rate : {media::Rational{30, 1}, {25, 1}, {60, 2}, {0, 1}, {25, 2}}) {
    EXPECT_FALSE(is_ntsc(rate)) << rate.num;
  }
}

TEST(Grid, boundaries_that_fall_between_ticks_are_found_again) {
  const Grid grid = Grid::of(video_track({30'000, 1001}), kSegment);
  for (std::int64_t n = 899'100'000; n < 899'100'500; ++n) {
    const std::int64_t boundary = grid.boundary(n, 44'100);  // 2.002 s = 88288.2 ticks
    EXPECT_EQ(grid.index({boundary, 44'100}, 0), n);
    EXPECT_EQ(grid.index({boundary - 2, 44'100}, 0), n - 1);
    EXPECT_TRUE(grid.on_boundary({boundary, 44'100}, 0));
    EXPECT_FALSE(grid.on_boundary({boundary - 3, 44'100}, 2));
  }
}

TEST(PartTarget, is_the_same_for_all_usual_rates) {
  const Ticks usual = part_target(video_track({30, 1}), kSegment);
  EXPECT_NEAR(usual.seconds(), 1.001 / 3, 1e-6);
  for (const media::Rational rate :
       {media::Rational{25, 1}, {24, 1}, {50, 1}, {60, 1}, {15, 1}, {12, 1}, {120, 1}, {0, 1}}) {
    EXPECT_EQ(part_target(video_track(rate), kSegment), usual) << rate.num;
  }
  for (const media::Rational rate :
       {media::Rational{30'000, 1001}, {24'000, 1001}, {60'000, 1001}}) {
    EXPECT_NEAR(part_target(video_track(rate), kSegment).seconds(), usual.seconds(), 1e-7);
  }
  EXPECT_EQ(part_target(audio_track(48'000), kSegment), usual);
  EXPECT_EQ(part_target(audio_track(44'100), kSegment), usual);
}

TEST(PartTarget, follows_rates_whose_frames_do_not_fit) {
  EXPECT_NEAR(part_target(video_track({8, 1}), kSegment).seconds(), 0.25, 1e-6);
  EXPECT_NEAR(part_target(video_track({11, 1}), kSegment).seconds(), 3 / 11.0, 1e-6);
  EXPECT_NEAR(part_target(video_track({1, 1}), kSegment).seconds(), 1, 1e-6);
}

}  // namespace
}  // namespace butai::package
