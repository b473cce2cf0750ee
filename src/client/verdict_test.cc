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

TEST(Verdict, the_status_is_told_once) {
  EXPECT_EQ(
      judge_refusal(Part::Viewer, "main", 400, "the server answered 400: one token only").sentence,
      "the server answers 400: look at the URL (one token only)");
  EXPECT_EQ(judge_refusal(Part::Viewer, "main", 418, "the server answered 418").sentence,
            "the server answers 418: look at the URL");
}

TEST(Verdict, the_line_that_makes_a_token_is_told_once) {
  const std::string said = "no scope; make one with: butai token mint --sub X --scope \"view:a\"";
  const std::string sentence = judge_close(Part::Viewer, "a", 4403, said).sentence;
  EXPECT_EQ(sentence.find("token mint"), sentence.rfind("token mint"));
  EXPECT_THAT(sentence, HasSubstr("BUTAI_TOKEN"));
}

TEST(Verdict, a_certificate_that_is_not_trusted_stays_so) {
  EXPECT_EQ(judge_refusal(Part::Publisher, "main", 0, "the server's certificate has expired").next,
            Next::GiveUp);
  EXPECT_EQ(judge_refusal(Part::Publisher, "main", 0, "h:1 refused the connection").next,
            Next::Retry);
}

}  // namespace
}  // namespace butai::client
