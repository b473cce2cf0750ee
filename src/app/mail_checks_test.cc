#include "app/mail_checks.h"

#include <gtest/gtest.h>

namespace butai::app {
namespace {

Records records(std::vector<std::string> all) { return all; }

TEST(MailChecks, nobody_to_ask_is_said_and_nothing_is_guessed) {
  for (const Judgement& one :
       {judge_mx({}), judge_spf({}), judge_dkim({}, "s1"), judge_dmarc({})}) {
    EXPECT_EQ(one.verdict, Verdict::Mind);
    EXPECT_TRUE(one.words.starts_with("could not ask")) << one.words;
  }
}

TEST(MailChecks, spf_is_one_record_that_does_not_let_everybody_in) {
  EXPECT_EQ(judge_spf(records({"other", "v=spf1 include:x -all"})).verdict, Verdict::Good);
  EXPECT_EQ(judge_spf(records({})).verdict, Verdict::Bad);
  EXPECT_EQ(judge_spf(records({"v=spf1 +all"})).verdict, Verdict::Bad);
  EXPECT_EQ(judge_spf(records({"v=spf1 -all", "v=spf1 ~all"})).verdict, Verdict::Bad);
}

TEST(MailChecks, dkim_has_a_key_that_was_not_withdrawn) {
  EXPECT_EQ(judge_dkim(records({"v=DKIM1; k=rsa; p=MIIB"}), "s1").verdict, Verdict::Good);
  EXPECT_EQ(judge_dkim(records({"v=DKIM1; p="}), "s1").verdict, Verdict::Bad);
  EXPECT_EQ(judge_dkim(records({}), "s1").verdict, Verdict::Bad);
  EXPECT_EQ(judge_dkim(records({"p=MIIB"}), "").verdict, Verdict::Mind);
}

TEST(MailChecks, dmarc_and_mx_are_wanted) {
  EXPECT_EQ(judge_dmarc(records({"v=DMARC1; p=none"})).verdict, Verdict::Good);
  EXPECT_EQ(judge_dmarc(records({})).verdict, Verdict::Mind);
  EXPECT_EQ(judge_mx(records({"mx"})).verdict, Verdict::Good);
  EXPECT_EQ(judge_mx(records({})).verdict, Verdict::Mind);
}

}  // namespace
}  // namespace butai::app
