#include "drm/key_schedule.h"

#include <gtest/gtest.h>

#include "base/testing/manual_time.h"
#include "drm/testing/keys.h"

namespace butai::drm {
namespace {

// Gives periods 1, 2, 3, … when told to; can be out of order.
class Source final : public KeyProvider {
 public:
  void fetch(const KeyRequest& request, Executor& home, Done done) override {
    ++asked;
    home.post([this, scheme = request.scheme, done = std::move(done)]() mutable {
      if (broken) return done(problem("the service is away"));
      done(testing::key_period(scheme, ++given));
    });
  }
  int asked = 0;
  std::uint64_t given = 0;
  bool broken = false;
};

class KeyScheduleTest : public ::testing::Test {
 protected:
  Ticks at(int seconds) { return {seconds * 90'000, 90'000}; }
  std::uint64_t index_at(KeySchedule& schedule, int seconds) {
    const auto period = schedule.segment(at(seconds));
    return period ? period->index : 0;
  }
  butai::testing::ManualTime time_;
  Source source_;
};

TEST_F(KeyScheduleTest, begins_with_the_first_keys_and_announces_the_next_ones) {
  KeySchedule schedule({{"main", media::Scheme::Cbcs}, Seconds{60}}, source_, time_);
  EXPECT_EQ(schedule.segment(at(0)), nullptr);  // nothing is published before there are keys
  time_.run();
  EXPECT_EQ(index_at(schedule, 2), 1u);
  time_.run();
  ASSERT_TRUE(schedule.next());
  EXPECT_EQ(schedule.next()->index, 2u);
}

TEST_F(KeyScheduleTest, rotates_by_the_time_line_and_when_asked) {
  KeySchedule schedule({{"main", media::Scheme::Cbcs}, Seconds{60}}, source_, time_);
  time_.run();
  EXPECT_EQ(index_at(schedule, 0), 1u);
  time_.run();
  EXPECT_EQ(index_at(schedule, 58), 1u);
  EXPECT_EQ(index_at(schedule, 60), 2u);
  time_.run();
  EXPECT_EQ(index_at(schedule, 62), 2u);
  schedule.rotate();
  EXPECT_EQ(index_at(schedule, 64), 3u);
  EXPECT_EQ(index_at(schedule, 66), 3u);
}

TEST_F(KeyScheduleTest, an_outage_is_survived_and_tried_again_ever_more_slowly) {
  KeySchedule schedule({{"main", media::Scheme::Cbcs}, Seconds{60}}, source_, time_);
  time_.run();
  EXPECT_EQ(index_at(schedule, 0), 1u);
  source_.broken = true;
  EXPECT_EQ(index_at(schedule, 60), 2u);  // fetched ahead
  time_.run();
  EXPECT_EQ(index_at(schedule, 120), 2u);  // no more keys: the old ones go on
  EXPECT_EQ(index_at(schedule, 180), 2u);
  const int before = source_.asked;
  time_.advance(Seconds{1});
  time_.advance(Seconds{2});
  time_.advance(Seconds{4});
  EXPECT_EQ(source_.asked, before + 3);
  source_.broken = false;
  time_.advance(Seconds{8});
  EXPECT_EQ(index_at(schedule, 182), 3u);
}

TEST_F(KeyScheduleTest, a_late_answer_finds_nobody) {
  auto schedule = std::make_unique<KeySchedule>(
      ScheduleOptions{{"main", media::Scheme::Cbcs}, Micros{0}}, source_, time_);
  schedule.reset();
  time_.run();
  EXPECT_EQ(source_.given, 1u);
}

}  // namespace
}  // namespace butai::drm
