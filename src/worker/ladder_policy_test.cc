#include "worker/ladder_policy.h"

#include <gtest/gtest.h>

namespace butai::worker {
namespace {

constexpr Utc kNoon{Micros{1'800'000'000'000'000}};
constexpr Micros kGood{40'000}, kLate = kLadderLagMax + Micros{1};

TEST(LadderPolicy, makes_all_while_pictures_are_in_time) {
  LadderPolicy policy(3);
  for (int second = 0; second < 100; ++second) {
    EXPECT_EQ(policy.active(kGood, kNoon + Seconds{second}), 3u);
  }
}

TEST(LadderPolicy, drops_the_largest_first_and_gives_each_drop_time_to_help) {
  LadderPolicy policy(3);
  EXPECT_EQ(policy.active(kLate, kNoon), 2u);
  EXPECT_EQ(policy.active(kLate, kNoon + Millis{40}), 2u);
  EXPECT_EQ(policy.active(kLate, kNoon + kLadderGrace), 1u);
  EXPECT_EQ(policy.active(kLate, kNoon + 2 * kLadderGrace), 0u);
  EXPECT_EQ(policy.active(kLate, kNoon + 3 * kLadderGrace), 0u);
}

TEST(LadderPolicy, tries_again_after_calm_and_waits_twice_as_long_when_that_fails) {
  LadderPolicy policy(2);
  EXPECT_EQ(policy.active(kLate, kNoon), 1u);
  EXPECT_EQ(policy.active(kGood, kNoon + kLadderCalm - Micros{1}), 1u);
  const Utc again = kNoon + kLadderCalm;
  EXPECT_EQ(policy.active(kGood, again), 2u);
  EXPECT_EQ(policy.active(kLate, again + kLadderGrace), 1u);
  const Utc failed = again + kLadderGrace;
  EXPECT_EQ(policy.active(kGood, failed + kLadderCalm), 1u);
  EXPECT_EQ(policy.active(kGood, failed + 2 * kLadderCalm), 2u);
}

}  // namespace
}  // namespace butai::worker
