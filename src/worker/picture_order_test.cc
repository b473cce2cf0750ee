// The small pure rules of the child: which pictures are encoded, and when they are decoded.
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "worker/decode_times.h"
#include "worker/rate_policy.h"

namespace butai::worker {
namespace {

using ::testing::ElementsAre;

int admitted(RatePolicy& policy, int pictures, std::int64_t interval, std::int64_t jitter = 0) {
  int count = 0;
  for (int i = 0; i < pictures; ++i) {
    count += policy.admit(1'000'000 + i * interval + (i % 2 == 0 ? jitter : -jitter)) ? 1 : 0;
  }
  return count;
}

TEST(RatePolicy, takes_every_picture_of_a_source_that_keeps_the_rate) {
  RatePolicy exact(30), shaky(30);
  EXPECT_EQ(admitted(exact, 300, 33'333), 300);
  EXPECT_EQ(admitted(shaky, 300, 33'334, 12'000), 300);
}

TEST(RatePolicy, takes_half_of_a_source_that_is_twice_as_fast) {
  RatePolicy policy(30);
  EXPECT_NEAR(admitted(policy, 600, 16'667), 301, 2);
}

TEST(RatePolicy, says_what_is_left_of_a_rate) {
  const media::Rational ntsc{60'000, 1001};
  EXPECT_EQ(limited_rate(ntsc, 30), (media::Rational{30'000, 1001}));
  EXPECT_EQ(limited_rate({120'000, 1001}, 60), ntsc);
  EXPECT_EQ(limited_rate({60, 1}, 30), (media::Rational{30, 1}));
  EXPECT_EQ(limited_rate({50, 1}, 30), (media::Rational{30, 1}));
  EXPECT_EQ(limited_rate(ntsc, 24), (media::Rational{24, 1}));
  EXPECT_EQ(limited_rate({30'000, 1001}, 30), (media::Rational{30'000, 1001}));
  EXPECT_EQ(limited_rate(ntsc, 0), ntsc) << "no limit";
  EXPECT_EQ(limited_rate({}, 30), media::Rational{}) << "unknown";
}

TEST(RatePolicy, starts_anew_when_time_goes_back) {
  RatePolicy policy(30);
  EXPECT_TRUE(policy.admit(90'000'000));
  EXPECT_TRUE(policy.admit(1'000));
}

std::vector<std::int64_t> decode_times(const std::vector<std::int64_t>& shown) {
  DecodeTimes times(90'000);
  std::vector<std::int64_t> decoded;
  for (const auto pts : shown) decoded.push_back(times.next(pts));
  return decoded;
}

TEST(DecodeTimes, are_presentation_times_when_nothing_is_reordered) {
  EXPECT_THAT(decode_times({0, 100, 200, 350}), ElementsAre(0, 100, 200, 350));
}

TEST(DecodeTimes, learn_how_far_a_source_reorders) {
  // I P B B P B B, two pictures ahead
  EXPECT_THAT(decode_times({0, 300, 100, 200, 600, 400, 500, 900, 700, 800}),
              ElementsAre(0, 300, 301, 302, 303, 304, 400, 500, 600, 700));
}

std::vector<std::int64_t> decode_times_of(std::size_t reordered, std::int64_t interval,
                                          const std::vector<std::int64_t>& shown) {
  DecodeTimes times(90'000);
  times.expect(reordered, interval);
  std::vector<std::int64_t> decoded;
  for (const auto pts : shown) decoded.push_back(times.next(pts));
  return decoded;
}

TEST(DecodeTimes, run_evenly_from_the_first_picture_on_when_the_reordering_is_known) {
  // I P B B P B B, then the next key frame: as far ahead of its showing as the first one.
  EXPECT_THAT(decode_times_of(1, 100, {0, 300, 100, 200, 600, 400, 500, 700, 1000, 800}),
              ElementsAre(-100, 0, 100, 200, 300, 400, 500, 600, 700, 800));
  // With a pyramid: I P B b b, two deep.
  EXPECT_THAT(decode_times_of(2, 100, {0, 400, 200, 100, 300, 500, 900, 700, 600, 800}),
              ElementsAre(-200, -100, 0, 100, 200, 300, 400, 500, 600, 700));
}

TEST(DecodeTimes, an_interval_that_is_a_guess_moves_the_first_pictures_alone) {
  for (const std::int64_t guess : {1, 40, 400}) {
    const auto decoded = decode_times_of(2, guess, {0, 400, 200, 100, 300, 500});
    EXPECT_TRUE(std::ranges::is_sorted(decoded));
    EXPECT_THAT(std::vector(decoded.begin() + 2, decoded.end()), ElementsAre(0, 100, 200, 300));
  }
}

TEST(DecodeTimes, a_source_that_starts_anew_begins_as_far_ahead_again) {
  EXPECT_THAT(decode_times_of(1, 100, {1'000'000, 1'000'200, 1'000'100, 0, 200, 100}),
              ElementsAre(999'900, 1'000'000, 1'000'100, -100, 0, 100));
}

TEST(DecodeTimes, a_source_that_reorders_more_than_it_says_is_learnt_all_the_same) {
  const auto decoded = decode_times_of(0, 100, {0, 300, 100, 200, 600, 400, 500});
  EXPECT_TRUE(std::ranges::is_sorted(decoded));
  EXPECT_EQ(decoded.back(), 400);
}

TEST(DecodeTimes, follow_a_source_that_starts_anew) {
  EXPECT_THAT(decode_times({1'000'000, 1'003'000, 0, 3'000}),
              ElementsAre(1'000'000, 1'003'000, 0, 3'000));
}

TEST(FollowOn, a_repeated_time_comes_a_tick_later_and_a_new_start_stays_one) {
  EXPECT_EQ(follow_on(3600, 1800, 1800), 3600);
  EXPECT_EQ(follow_on(1800, 1800, 1800), 1801);
  EXPECT_EQ(follow_on(900, 1800, 1800), 1801);
  EXPECT_EQ(follow_on(0, 1800, 1800), 0);
  EXPECT_EQ(follow_on(1800, 1800, 0), 1800) << "after a first picture alone nothing is known";
}

}  // namespace
}  // namespace butai::worker
