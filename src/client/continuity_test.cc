#include "client/continuity.h"

#include <gtest/gtest.h>

namespace butai::client {
namespace {

using Step = Continuity::Step;
constexpr std::uint32_t kScale = 90'000;
constexpr std::int64_t kNow = 1'800'000'000LL * kScale;  // far from zero, as real times are

Ticks at(std::int64_t offset) { return {kNow + offset, kScale}; }
constexpr Ticks kFrame{3000, kScale};  // 30 a second

TEST(Continuity, a_steady_camera_follows) {
  Continuity track;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(track.take(at(i * 3000), kFrame), Step::Follows);
}

TEST(Continuity, a_camera_that_slows_down_in_the_dark_does_not_jump) {
  Continuity track;
  track.take(at(0), kFrame);
  EXPECT_EQ(track.take(at(9000), kFrame), Step::Follows);  // 67 ms late
}

TEST(Continuity, a_hole_jumps_once) {
  Continuity track;
  track.take(at(0), kFrame);
  EXPECT_EQ(track.take(at(3000 + 9001), kFrame), Step::Jumps);
  EXPECT_EQ(track.take(at(6000 + 9001), kFrame), Step::Follows);
}

TEST(Continuity, a_chunk_from_the_past_breaks_the_order) {
  Continuity track;
  track.take(at(3000), kFrame);
  EXPECT_EQ(track.take(at(2999), kFrame), Step::GoesBack);
}

TEST(Continuity, after_an_announced_break_anything_follows) {
  Continuity track;
  track.take(at(90'000), kFrame);
  track.forget();
  EXPECT_EQ(track.take(at(0), kFrame), Step::Follows);
}

}  // namespace
}  // namespace butai::client
