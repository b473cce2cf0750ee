#include "client/drop_policy.h"

#include <gtest/gtest.h>

#include "client/limits.h"

namespace butai::client {
namespace {

using Kind = DropPolicy::Kind;
using Verdict = DropPolicy::Verdict;

TEST(DropPolicy, sends_everything_while_the_line_keeps_up) {
  DropPolicy policy;
  EXPECT_EQ(policy.judge(Kind::KeyFrame, 0), Verdict::Send);
  EXPECT_EQ(policy.judge(Kind::Frame, 1000), Verdict::Send);
  EXPECT_EQ(policy.judge(Kind::Sound, 1000), Verdict::Send);
}

TEST(DropPolicy, after_one_lost_frame_nothing_goes_until_the_next_key_frame) {
  DropPolicy policy;
  EXPECT_EQ(policy.judge(Kind::Frame, kUnsentBytesMin + 1), Verdict::Drop);
  EXPECT_EQ(policy.judge(Kind::Frame, 0), Verdict::Drop) << "it refers to the lost one";
  EXPECT_EQ(policy.judge(Kind::Sound, 0), Verdict::Drop) << "sound without picture is no use";
  EXPECT_EQ(policy.judge(Kind::KeyFrame, 0), Verdict::Send);
  EXPECT_EQ(policy.judge(Kind::Frame, 0), Verdict::Send);
}

TEST(DropPolicy, a_key_frame_does_not_go_into_a_line_that_is_still_full) {
  DropPolicy policy;
  EXPECT_EQ(policy.judge(Kind::Frame, kUnsentBytesMin + 1), Verdict::Drop);
  EXPECT_EQ(policy.judge(Kind::KeyFrame, kUnsentBytesMin / 2 + 1), Verdict::Drop);
  EXPECT_EQ(policy.judge(Kind::KeyFrame, kUnsentBytesMin / 2), Verdict::Send);
}

TEST(DropPolicy, a_new_connection_starts_at_a_key_frame) {
  DropPolicy policy;
  policy.wait_for_key_frame();
  EXPECT_EQ(policy.judge(Kind::Frame, 0), Verdict::Drop);
  EXPECT_EQ(policy.judge(Kind::KeyFrame, 0), Verdict::Send);
}

TEST(DropPolicy, sound_is_kept_longer_than_pictures_but_not_for_ever) {
  DropPolicy policy;
  EXPECT_EQ(policy.judge(Kind::Sound, kUnsentBytesMin + 1), Verdict::Send);
  EXPECT_EQ(policy.judge(Kind::Sound, 2 * kUnsentBytesMin + 1), Verdict::Drop);
}

TEST(DropPolicy, the_limit_is_a_quarter_second_of_what_was_sent_within_bounds) {
  DropPolicy policy;
  Steady now{};
  EXPECT_EQ(policy.limit(), kUnsentBytesMin);
  for (int i = 0; i < 10; ++i) policy.sent(100'000, now += Millis{100});
  EXPECT_EQ(policy.limit(), 250'000u);
  for (int i = 0; i < 10; ++i) policy.sent(1'000'000, now += Millis{100});
  EXPECT_EQ(policy.limit(), kUnsentBytesMax);
  policy.sent(1000, now += Seconds{5});
  EXPECT_EQ(policy.limit(), kUnsentBytesMin) << "old bytes no longer count";
}

TEST(DropPolicy, a_picture_larger_than_the_limit_goes_into_an_empty_line) {
  DropPolicy policy;
  EXPECT_TRUE(policy.picture_fits(0));
  EXPECT_TRUE(policy.picture_fits(kUnsentBytesMin));
  EXPECT_FALSE(policy.picture_fits(kUnsentBytesMin + 1));
}

}  // namespace
}  // namespace butai::client
