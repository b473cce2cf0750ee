#include "access/tickets.h"

#include <gtest/gtest.h>

#include "access/limits.h"
#include "access/plays.h"
#include "access/testing/seeded_random.h"
#include "base/testing/manual_time.h"

namespace butai::access {
namespace {

using butai::testing::ManualTime;
using testing::SeededRandom;

class TicketsTest : public ::testing::Test {
 protected:
  std::string outcome(std::string_view text) {
    const auto redeemed = tickets.redeem(text);
    return redeemed ? redeemed->subject : std::string(label(redeemed.error()));
  }
  ManualTime time;
  SeededRandom random;
  Secret secret{"CNRY-ticket-0123456789abcdef0123456789abcdef"};
  Tickets tickets{secret, time, random};
  net::Principal ann{"ann", {"view:main", "control"}, time.utc() + Seconds{600}, {}};
};

TEST_F(TicketsTest, carries_the_principal) {
  const auto redeemed = tickets.redeem(tickets.issue(ann)->text);
  ASSERT_TRUE(redeemed);
  EXPECT_EQ(redeemed->subject, "ann");
  EXPECT_EQ(redeemed->scopes, ann.scopes);
  EXPECT_EQ(redeemed->expires, ann.expires);
  EXPECT_EQ(redeemed->play, "");
}

TEST_F(TicketsTest, S4_works_once) {
  const std::string text = tickets.issue(ann)->text;
  EXPECT_EQ(outcome(text), "ann");
  EXPECT_EQ(outcome(text), "ticket_used");
  EXPECT_EQ(outcome(tickets.issue(ann)->text), "ann");
}

TEST_F(TicketsTest, works_for_thirty_seconds) {
  const std::string text = tickets.issue(ann)->text;
  const std::string used = tickets.issue(ann)->text;
  EXPECT_EQ(outcome(used), "ann");
  time.advance(kTicketLife - Micros{1});
  EXPECT_EQ(outcome(used), "ticket_used");
  EXPECT_EQ(outcome(text), "ann");
  time.advance(Micros{1});
  EXPECT_EQ(outcome(used), "ticket_expired");
}

TEST_F(TicketsTest, forged_ones_are_refused) {
  const std::string text = tickets.issue(ann)->text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(outcome(changed), "bad_ticket") << i;
  }
  EXPECT_EQ(outcome(""), "bad_ticket");
  EXPECT_EQ(outcome(std::string(1'000'000, 'A')), "bad_ticket");
  EXPECT_EQ(outcome(text), "ann");
}

TEST_F(TicketsTest, play_token_is_no_ticket_and_the_reverse) {
  Plays plays(secret, time, random);
  EXPECT_EQ(outcome(plays.start("main", ann).path_token), "bad_ticket");
  EXPECT_EQ(plays.verify(tickets.issue(ann)->text).error(), Refusal::BadPlay);
}

TEST_F(TicketsTest, too_many_scopes_do_not_fit) {
  for (int i = 0; i < 60; ++i) ann.scopes.push_back("publish:" + std::string(64, 'x'));
  EXPECT_FALSE(tickets.issue(ann));
}

}  // namespace
}  // namespace butai::access
