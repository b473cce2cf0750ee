#include "package/reload_policy.h"

#include <gtest/gtest.h>

#include "package/testing/line.h"

namespace butai::package {
namespace {

using enum ReloadDecision;
using testing::Line;

class ReloadPolicyTest : public ::testing::Test {
 protected:
  // Segment …0 is complete with 7 parts, …1 is open with 3.
  void SetUp() override {
    line_.picture_alone();
    line_.run(0, 3);
  }
  ReloadDecision decide(std::optional<std::string_view> msn,
                        std::optional<std::string_view> part = std::nullopt) {
    const auto point = read_reload({msn, part});
    return point ? decide_reload(*point, line_.sink.renditions()[0], options_) : point.error();
  }
  Line line_;
  HlsOptions options_;
};

TEST_F(ReloadPolicyTest, without_a_query_the_answer_is_at_once) {
  EXPECT_EQ(decide(std::nullopt), AnswerNow);
}

TEST_F(ReloadPolicyTest, what_is_listed_is_answered_at_once) {
  EXPECT_EQ(decide("900000000"), AnswerNow);
  EXPECT_EQ(decide("900000001", "2"), AnswerNow);
  EXPECT_EQ(decide("1"), AnswerNow);
}

TEST_F(ReloadPolicyTest, the_next_part_and_the_next_segment_are_waited_for) {
  EXPECT_EQ(decide("900000001"), Wait);
  EXPECT_EQ(decide("900000001", "3"), Wait);
  EXPECT_EQ(decide("900000002", "0"), Wait);
  EXPECT_EQ(decide("900000003"), Wait);
}

TEST_F(ReloadPolicyTest, a_wait_ends_when_the_part_is_there) {
  line_.run(3, 4);
  EXPECT_EQ(decide("900000001", "3"), AnswerNow);
  EXPECT_EQ(decide("900000001"), Wait);  // its last part is there, the segment is not closed yet
  line_.run(4, 5);
  EXPECT_EQ(decide("900000001"), AnswerNow);
}

TEST_F(ReloadPolicyTest, a_part_beyond_a_complete_segment_is_the_first_of_the_next) {
  EXPECT_EQ(decide("900000000", "9"), AnswerNow);
  line_.packager.on_discontinuity();  // …1 is complete with 4 parts and nothing is open
  EXPECT_EQ(decide("900000001", "4"), Wait);
}

TEST_F(ReloadPolicyTest, too_far_ahead_is_refused) {
  EXPECT_EQ(decide("900000004"), BadRequest);
  EXPECT_EQ(decide("900000001", "10"), Wait);
  EXPECT_EQ(decide("900000001", "11"), BadRequest);
}

TEST_F(ReloadPolicyTest, nonsense_is_refused) {
  EXPECT_EQ(decide(std::nullopt, "1"), BadRequest);
  for (const char* text : {"", "-1", "x", "1x", "99999999999999999999999", " 1", "0x10"}) {
    EXPECT_EQ(decide(text), BadRequest) << text;
    EXPECT_EQ(decide("900000001", text), BadRequest) << text;
  }
}

TEST_F(ReloadPolicyTest, an_ended_playlist_never_blocks) {
  options_.life = HlsOptions::Life::Ended;
  EXPECT_EQ(decide("900000001", "3"), AnswerNow);
  EXPECT_EQ(decide("900000009"), AnswerNow);
}

TEST_F(ReloadPolicyTest, a_plain_playlist_never_blocks) {
  options_.profile = HlsOptions::Profile::Plain;
  EXPECT_EQ(decide("900000001", "3"), AnswerNow);
}

TEST_F(ReloadPolicyTest, an_empty_log_is_waited_for) {
  Line empty;
  empty.picture_alone();
  EXPECT_EQ(decide_reload({5, std::nullopt}, empty.sink.renditions()[0], options_), Wait);
}

}  // namespace
}  // namespace butai::package
