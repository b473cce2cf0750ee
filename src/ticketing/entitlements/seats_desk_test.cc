#include "ticketing/entitlements/seats_desk.h"

#include "access/testing/guard_fixture.h"
#include "ticketing/entitlements/entitlements.h"
#include "ticketing/limits.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

class Desk : public testing::Shop {
 protected:
  void SetUp() override {
    Shop::SetUp();
    rules.access["stage"] = access::Access::Ticket;
    order = *hold_for("ann");
    give(true);
  }
  void give(bool granted) {
    work<bool>([&](Work& w) -> Outcome<bool> {
      if (granted) {
        grant(w, order);
      } else {
        revoke(w, order);
      }
      return true;
    });
    ASSERT_TRUE(rights.load());
  }
  std::expected<access::Play, net::Response> start(const std::string& who,
                                                   const std::string& take_over = "") {
    net::Principal principal;
    principal.subject = who;
    return desk.start(principal, {"stage", "", who + "'s device", take_over});
  }
  static std::string text(const net::Response& answer) {
    return std::string(as_text(answer.body.front().view()));
  }

  access::testing::TestRules rules;
  access::Secret secret{"CNRY-desk-0123456789abcdef0123456789abcdef"};
  access::Plays plays{secret, time, random};
  std::unique_ptr<store::Database> second = open();
  Rights rights{*second, time, [this](std::string_view name) { return plays.owner_of(name); }};
  SeatsDesk desk{rights, plays, rules, time};
  Order order;
};
BUTAI_EACH_STORE(Desk);

TEST_P(Desk, a_ticket_opens_its_channel_for_its_account_alone) {
  EXPECT_TRUE(desk.guards("stage"));
  EXPECT_FALSE(desk.guards("main"));
  EXPECT_TRUE(start("ann"));
  EXPECT_EQ(start("bob").error().status, 403);
  EXPECT_EQ(start("").error().status, 401);
}

TEST_P(Desk, S20_a_second_device_is_told_of_the_first_and_may_take_over) {
  const auto first = start("ann");
  ASSERT_TRUE(first);
  const auto refused = start("ann");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 409);
  const auto second_play = start("ann", first->id);
  ASSERT_TRUE(second_play);
  EXPECT_FALSE(plays.running(first->id));
  EXPECT_EQ(desk.taken_over(first->id)->by, "ann's device");
  EXPECT_TRUE(plays.running(second_play->id));
}

TEST_P(Desk, a_device_that_is_not_seen_has_left_its_seat) {
  ASSERT_TRUE(start("ann"));
  time.advance(kSeatUnseen + Seconds{1});
  EXPECT_TRUE(start("ann"));
}

TEST_P(Desk, S20_a_device_that_left_comes_back_to_its_seat_unless_another_took_it) {
  const auto first = start("ann");
  const auto claims = plays.verify(first->path_token).value();
  time.advance(kSeatUnseen + Seconds{1});
  EXPECT_EQ(desk.may_go_on(claims), access::GoesOn::Yes);
  plays.seen(claims);
  EXPECT_EQ(start("ann").error().status, 409) << "it is back";
  time.advance(kSeatUnseen + Seconds{1});
  const auto other = start("ann");
  ASSERT_TRUE(other);
  EXPECT_FALSE(plays.verify(first->path_token)) << "two devices would play on one seat";
  EXPECT_EQ(desk.taken_over(first->id)->by, "ann's device");
  EXPECT_TRUE(plays.verify(other->path_token));
}

// Its player asks on where it stopped, whichever way it plays; nobody starts a play again for it.
TEST_P(Desk, S20_who_was_unseen_for_120_s_returns_without_a_question_by_every_transport) {
  Metrics metrics;
  const access::KeyRing ring{access::key_of(secret)};
  const access::TokenVerifier verifier{ring, time, {}};
  access::Tickets tickets{secret, time, random};
  const access::ScopeGatekeeper gatekeeper{rules};
  access::AccessGuard guard{verifier, plays, tickets, gatekeeper, secret, metrics};
  guard.know(desk);
  const auto status_of = [&](const std::string& path, const std::string& token) {
    net::Request request;
    request.path = path;
    request.path_token = token;
    request.args.emplace_back("channel", "stage");
    const auto admitted = guard.admit({.who = net::Who::Viewer}, request);
    return admitted ? 200 : admitted.error().status;
  };
  std::string seated;
  for (const std::string file : {"index.m3u8", "manifest.mpd", "ws"}) {
    const std::string path = "/live/stage/" + file;
    const auto play = start("ann", seated);
    ASSERT_TRUE(play) << path;
    time.advance(kSeatUnseen + Seconds{1});
    EXPECT_EQ(status_of(path, play->path_token), 200) << path;
    EXPECT_EQ(start("ann").error().status, 409) << path << ": its seat is its own again";
    time.advance(kSeatUnseen + Seconds{1});
    const auto other = start("ann");
    ASSERT_TRUE(other) << path << ": the seat is free";
    EXPECT_EQ(status_of(path, play->path_token), 401) << path;
    EXPECT_EQ(status_of(path, other->path_token), 200) << path;
    seated = other->id;
  }
}

TEST_P(Desk, S20_after_a_restart_who_goes_on_has_a_seat) {
  const auto before = start("ann");
  access::Plays plays_again{secret, time, random};
  SeatsDesk again{rights, plays_again, rules, time};
  const auto claims = plays_again.verify(before->path_token).value();
  plays_again.seen(claims);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(again.may_go_on(claims), access::GoesOn::Yes);
  net::Principal ann;
  ann.subject = "ann";
  const auto second_device = again.start(ann, {"stage", "", "second device", ""});
  ASSERT_FALSE(second_device);
  EXPECT_EQ(second_device.error().status, 409);
  EXPECT_TRUE(again.start(ann, {"stage", "", "second device", before->id}));
  EXPECT_FALSE(plays_again.verify(before->path_token));
}

TEST_P(Desk, a_refund_ends_a_running_play_and_a_won_dispute_does_not) {
  const auto play = start("ann");
  const auto claims = plays.verify(play->path_token);
  ASSERT_TRUE(claims);
  EXPECT_TRUE(claims->ticket);
  EXPECT_EQ(desk.may_go_on(*claims), access::GoesOn::Yes);
  give(false);
  EXPECT_EQ(desk.may_go_on(*claims), access::GoesOn::TicketVoid);
  work<bool>([&](Work& w) -> Outcome<bool> { return restore(w, order), true; });
  ASSERT_TRUE(rights.load());
  EXPECT_EQ(desk.may_go_on(*claims), access::GoesOn::Yes);
}

TEST_P(Desk, doors_open_and_close_by_the_clock_and_a_delay_moves_both) {
  const auto performance = event.performances.front();
  const auto move_by = [&](std::int64_t minutes) {
    work<bool>([&](Work& w) -> Outcome<bool> {
      return delay(w, performance.id, minutes, Delayed::Both).has_value();
    });
    rights.load();
  };
  move_by(30);
  EXPECT_EQ(start("ann").error().status, 403);
  time.advance(std::chrono::minutes{30});
  const auto play = start("ann");
  ASSERT_TRUE(play);
  const auto claims = plays.verify(play->path_token).value();
  time.advance(performance.end - performance.doors + kAfterEnd - Seconds{1});
  EXPECT_EQ(desk.may_go_on(claims), access::GoesOn::Yes);
  time.advance(Seconds{1});
  EXPECT_EQ(desk.may_go_on(claims), access::GoesOn::Over);
  move_by(10);  // an encore
  EXPECT_EQ(desk.may_go_on(claims), access::GoesOn::Yes);
}

TEST_P(Desk, who_was_let_in_stays_when_the_doors_move) {
  const auto claims = plays.verify(start("ann")->path_token).value();
  work<bool>([&](Work& w) -> Outcome<bool> {
    return delay(w, event.performances.front().id, 30, Delayed::Both).has_value();
  });
  rights.load();
  EXPECT_EQ(start("bob").error().status, 403);
  EXPECT_EQ(desk.may_go_on(claims), access::GoesOn::Yes);
}

}  // namespace
}  // namespace butai::ticketing
