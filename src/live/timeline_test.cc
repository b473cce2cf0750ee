#include "live/timeline.h"

#include <gtest/gtest.h>

#include "live/limits.h"

namespace butai::live {
namespace {

constexpr Utc kStart = utc_of(1'800'000'000'000'000);

media::Frame video(std::int64_t dts) {
  media::Frame frame;
  frame.dts = frame.pts = dts;
  return frame;
}

TEST(timeline, anchors_the_first_frame_at_its_arrival) {
  Timeline line;
  const auto placed = line.place(video(900'000), 90'000, kStart);
  EXPECT_EQ(placed.when, kStart);
  EXPECT_FALSE(placed.discontinuity);
}

TEST(timeline, keeps_the_sources_distances_whatever_the_line_jitters) {
  Timeline line;
  const auto first = line.place(video(0), 90'000, kStart);
  const auto second = line.place(video(3'000), 90'000, kStart + Millis{90});
  const auto third = line.place(video(6'000), 90'000, kStart + Millis{91});
  EXPECT_EQ(second.dts - first.dts, 3'000);
  EXPECT_EQ(third.dts - second.dts, 3'000);
}

TEST(timeline, sound_and_picture_share_the_anchor) {
  Timeline line;
  const auto picture = line.place(video(90'000), 90'000, kStart);
  media::Frame sound = video(48'000);
  sound.track = media::kAudioTrack;
  const auto heard = line.place(sound, 48'000, kStart + Millis{300});
  EXPECT_EQ(heard.when, picture.when);
}

TEST(timeline, B14_marks_a_step_back_and_a_leap_of_ten_hours) {
  Timeline line;
  line.place(video(90'000), 90'000, kStart);
  EXPECT_TRUE(line.place(video(0), 90'000, kStart + Millis{33}).discontinuity);
  EXPECT_FALSE(line.place(video(3'000), 90'000, kStart + Millis{66}).discontinuity);
  const auto leap = line.place(video(36'000 * 90'000LL), 90'000, kStart + Millis{100});
  EXPECT_TRUE(leap.discontinuity);
  EXPECT_EQ(leap.when, kStart + Millis{100});
}

TEST(timeline, a_stall_that_is_caught_up_is_no_discontinuity) {
  Timeline line;
  std::int64_t dts = 0;
  for (int i = 0; i < 30; ++i, dts += 3'000)
    line.place(video(dts), 90'000, kStart + i * Micros{33'333});
  // Two seconds of nothing, then all at once.
  const Utc back = kStart + Millis{3'000};
  for (int i = 0; i < 60; ++i, dts += 3'000) {
    EXPECT_FALSE(line.place(video(dts), 90'000, back).discontinuity) << i;
  }
}

TEST(timeline, a_source_that_stays_late_is_anchored_anew) {
  Timeline line;
  line.place(video(0), 90'000, kStart);
  int discontinuities = 0;
  // The camera was stopped for 0.9 s without its clock: everything comes 0.9 s late, for good.
  for (int i = 1; i < 400; ++i) {
    const Utc arrived = kStart + Millis{900} + i * Micros{33'333};
    discontinuities += line.place(video(i * 3'000), 90'000, arrived).discontinuity ? 1 : 0;
  }
  EXPECT_EQ(discontinuities, 1);
}

class DriftingClock : public ::testing::TestWithParam<double> {};

// A clock 200 ppm slow or fast drifts 7.2 s in ten hours; slewing keeps it within the limit, unmarked.
TEST_P(DriftingClock, B14_is_slewed_for_ten_hours_without_a_mark) {
  Timeline line;
  Micros worst{0};
  std::int64_t last = INT64_MIN;
  for (std::int64_t i = 0; i < 10LL * 3600 * 30; ++i) {
    const Utc arrived =
        kStart +
        Micros{static_cast<std::int64_t>(static_cast<double>(i) * 33'333.333 * GetParam())};
    const auto placed = line.place(video(i * 3'000), 90'000, arrived);
    ASSERT_FALSE(placed.discontinuity) << "frame " << i;
    ASSERT_GT(placed.dts, last);
    last = placed.dts;
    worst = std::max(worst, Micros{std::abs((arrived - placed.when).count())});
  }
  EXPECT_LT(worst, kOffMax);
}
INSTANTIATE_TEST_SUITE_P(timeline, DriftingClock, ::testing::Values(1.0002, 0.9998));

TEST(timeline, a_trusted_source_keeps_its_times_however_late_they_come) {
  Timeline line;
  line.trust_source();
  const std::int64_t utc = Ticks::from(kStart.time_since_epoch(), 90'000).value;
  EXPECT_EQ(line.place(video(utc), 90'000, kStart + Millis{80}).dts, utc);
  EXPECT_EQ(line.place(video(utc + 3'000), 90'000, kStart + Seconds{2}).dts, utc + 3'000);
}

TEST(timeline, restart_marks_the_next_frame) {
  Timeline line;
  line.place(video(0), 90'000, kStart);
  line.restart();
  EXPECT_TRUE(line.place(video(3'000), 90'000, kStart + Seconds{5}).discontinuity);
}

}  // namespace
}  // namespace butai::live
