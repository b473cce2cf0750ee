#include "client/verdict.h"

#include <gmock/gmock.h>

namespace butai::client {
namespace {

using testing::HasSubstr;

TEST(Verdict, what_a_person_must_mend_is_given_up_with_the_line_that_mends_it) {
  for (const int status : {400, 401, 403, 404, 406, 409, 426}) {
    EXPECT_EQ(judge_refusal(Part::Publisher, "main", status, "").next, Next::GiveUp) << status;
  }
  EXPECT_THAT(judge_refusal(Part::Publisher, "left", 401, "").sentence,
              HasSubstr("butai token mint --sub NAME --scope \"publish:left\""));
  EXPECT_THAT(judge_refusal(Part::Viewer, "left", 403, "").sentence, HasSubstr("\"view:left\""));
  EXPECT_THAT(judge_refusal(Part::Publisher, "left", 409, "").sentence, HasSubstr("&input=b"));
}

TEST(Verdict, what_passes_by_itself_is_tried_again) {
  for (const int status : {0, 408, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(judge_refusal(Part::Publisher, "main", status, "").next, Next::Retry) << status;
  }
  for (const std::uint16_t code : {1000, 1001, 1006, 1011, 1013, 4008, 4408}) {
    EXPECT_EQ(judge_close(Part::Publisher, "main", code, "").next, Next::Retry) << code;
  }
}

TEST(Verdict, close_codes_that_stay_are_not_tried_again) {
  for (const std::uint16_t code : {1009, 4400, 4401, 4403, 4404, 4409}) {
    EXPECT_EQ(judge_close(Part::Publisher, "main", code, "").next, Next::GiveUp) << code;
  }
  EXPECT_EQ(judge_close(Part::Viewer, "main", 4410, "").next, Next::Ended);
}

TEST(Verdict, the_servers_own_words_are_passed_on) {
  EXPECT_THAT(judge_refusal(Part::Viewer, "main", 503, "draining").sentence, HasSubstr("draining"));
  EXPECT_THAT(judge_close(Part::Publisher, "main", 4409, "taken over").sentence,
              HasSubstr("taken over"));
}

}  // namespace
}  // namespace butai::client
