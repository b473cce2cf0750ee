#include "worker/sound_times.h"

#include <gtest/gtest.h>

namespace butai::worker {
namespace {

using Source = SoundTimes::Source;

TEST(SoundTimes, milliseconds_become_whole_frames_without_drift) {
  SoundTimes times(Source::Rounded, 44'100, 1024);
  for (std::int64_t i = 0; i < 200'000; ++i) {  // more than an hour
    const std::int64_t millis = mul_div(i * 1024, 1000, 44'100);
    EXPECT_EQ(times.place(mul_div(millis, 44'100, 1000)), i * 1024);
  }
}

TEST(SoundTimes, a_gap_is_a_gap) {
  SoundTimes times(Source::Rounded, 48'000, 1024);
  times.place(0);
  EXPECT_EQ(times.place(48'000), 48'000);
  EXPECT_EQ(times.expected(), 49'024);
}

TEST(SoundTimes, exact_times_stay_and_repeated_ones_go_on) {
  SoundTimes times(Source::Exact, 48'000, 1024);
  times.place(0);
  EXPECT_EQ(times.place(1030), 1030);
  EXPECT_EQ(times.place(1030), 2054);
}

}  // namespace
}  // namespace butai::worker
