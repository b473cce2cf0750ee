#include "ticketing/entitlements/attendance.h"

#include "access/testing/guard_fixture.h"
#include "ticketing/entitlements/entitlements.h"
#include "ticketing/limits.h"
#include "ticketing/testing/half_house.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

class AttendanceTest : public testing::Shop {
 protected:
  void SetUp() override {
    Shop::SetUp();
    const Order order = *hold_for("ann");
    work<bool>([&](Work& w) -> Outcome<bool> { return grant(w, order), true; });
    ASSERT_TRUE(rights.load());
    time.advance(event.performances.front().start - time.utc());
    net::Principal ann;
    ann.subject = "ann";
    play =
        plays.verify(plays.start("stage", ann, access::Plays::Grounds::Ticket).path_token).value();
    look();
  }
  void look() {
    const std::size_t before = home.timers;
    attendance.start(home);
    ASSERT_TRUE(home.executor.wait([&] { return home.timers > before; }));
  }
  // Looks every two seconds for so long; the viewer's player asks for something every `asks`.
  void pass(Seconds seconds, Seconds asks) {
    for (Seconds gone{0}; gone < seconds; gone += Seconds{2}) {
      time.advance(Seconds{2});
      if (asks > Seconds{0} && gone % asks == Seconds{0}) plays.seen(play);
      const std::size_t before = home.timers;
      attendance.look();
      ASSERT_TRUE(home.executor.wait([&] { return home.timers > before; }));
    }
  }
  Missed missed(const std::string& account = "ann") {
    (void)second->run_and_wait<bool>(
        [](store::Session&) { return true; });  // what is queued is written
    return work<Missed>([&](Work& w) -> Outcome<Missed> { return missed_by(w, account, type); })
        .value();
  }

  testing::Home home;
  access::Secret secret{"CNRY-attendance-0123456789abcdef0123456789"};
  access::Plays plays{secret, time, random};
  std::unique_ptr<store::Database> second = open();
  testing::NoProvider provider;
  Rights rights{*second, time, [this](std::string_view name) { return plays.owner_of(name); }};
  BoxOffice office{*second, provider, rights, time, random};
  testing::FakeStage stage;
  Attendance attendance{office, plays, stage, time, time};
  access::PlayClaims play;
};
BUTAI_EACH_STORE(AttendanceTest);

TEST_P(AttendanceTest, time_without_a_picture_counts_for_who_was_there) {
  stage.dark = {"stage"};
  pass(Seconds{30}, Seconds{4});
  stage.dark.clear();
  pass(Seconds{20}, Seconds{4});
  EXPECT_EQ(missed().without_picture, Seconds{30});
  EXPECT_EQ(missed().not_delivered, Seconds{0});
  EXPECT_EQ(missed("bob").without_picture, Seconds{0}) << "was not there";
}

TEST_P(AttendanceTest, a_player_that_comes_back_after_a_silence_missed_it) {
  pass(Seconds{10}, Seconds{4});
  pass(Seconds{40}, Seconds{0});
  plays.seen(play);
  pass(Seconds{12}, Seconds{4});
  EXPECT_GE(missed().not_delivered, Seconds{40});
  EXPECT_LE(missed().not_delivered, Seconds{46});
}

TEST_P(AttendanceTest, a_player_that_never_came_back_missed_nothing) {
  pass(Seconds{10}, Seconds{4});
  pass(kSeatUnseen + Seconds{60}, Seconds{0});
  EXPECT_EQ(missed().not_delivered, Seconds{0});
}

TEST_P(AttendanceTest, what_a_socket_was_moved_past_is_added) {
  attendance.jumped(access::base64url(play.id), Millis{2500});
  attendance.jumped(access::base64url(play.id), Millis{1500});
  attendance.jumped("nobody", Seconds{100});
  pass(Seconds{12}, Seconds{4});
  EXPECT_EQ(missed().not_delivered, Seconds{4});
}

TEST_P(AttendanceTest, nothing_is_missed_of_what_is_not_on) {
  time.advance(event.performances.front().end - time.utc());
  stage.dark = {"stage"};
  pass(Seconds{30}, Seconds{4});
  EXPECT_EQ(missed().without_picture, Seconds{0});
}

}  // namespace
}  // namespace butai::ticketing
