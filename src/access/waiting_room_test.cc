#include "access/waiting_room.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "access/limits.h"
#include "base/testing/manual_time.h"

namespace butai::access {
namespace {

using butai::testing::ManualTime;

class WaitingRoomTest : public ::testing::Test {
 protected:
  void come(const std::string& name) {
    room.come(name, time, [this, name](std::expected<WaitingRoom::Seat, Seconds> seat) {
      if (!seat) {
        sent_back[name] = seat.error();
        return;
      }
      let_in.push_back(name);
      seats.push_back(std::move(*seat));
    });
    time.run();
  }
  // Whoever has had a seat for longest is done.
  void serve_one() {
    ASSERT_FALSE(seats.empty());
    seats.pop_front();
    time.run();
  }
  void fill_seats() {
    for (std::size_t i = 0; i < kLoginSeats; ++i) come("early" + std::to_string(i));
    ASSERT_EQ(let_in.size(), kLoginSeats);
    let_in.clear();
  }
  void fill_room() {
    fill_seats();
    for (std::size_t i = 0; i < kLoginsWaitingMax; ++i) {
      time.advance(Millis{1});
      come("w" + std::to_string(i));
    }
    ASSERT_TRUE(let_in.empty());
    ASSERT_TRUE(sent_back.empty());
  }

  ManualTime time;
  std::vector<std::string> let_in;
  std::map<std::string, Seconds> sent_back;
  WaitingRoom room{time};
  std::deque<WaitingRoom::Seat> seats;
};

TEST_F(WaitingRoomTest, who_waits_is_let_in_in_the_order_of_coming) {
  fill_seats();
  for (const char* name : {"ann", "bob", "cho"}) come(name);
  EXPECT_TRUE(let_in.empty());
  for (int i = 0; i < 3; ++i) serve_one();
  EXPECT_EQ(let_in, (std::vector<std::string>{"ann", "bob", "cho"}));
}

TEST_F(WaitingRoomTest, nobody_passes_those_who_wait_when_a_seat_is_free) {
  fill_seats();
  come("ann");
  serve_one();
  come("bob");
  serve_one();
  EXPECT_EQ(let_in, (std::vector<std::string>{"ann", "bob"}));
}

TEST_F(WaitingRoomTest, a_full_room_sends_the_last_one_back_with_a_time) {
  fill_room();
  time.advance(Millis{1});
  come("ann");
  ASSERT_TRUE(sent_back.contains("ann"));
  EXPECT_GE(sent_back["ann"], kLoginRetryLeast);
  EXPECT_LE(sent_back["ann"], kLoginRetryMost);
}

TEST_F(WaitingRoomTest, who_was_sent_back_and_returns_goes_before_all_who_came_later) {
  fill_room();
  time.advance(Millis{1});
  come("ann");  // sent back
  for (std::size_t i = 0; i < 3; ++i) serve_one();
  for (const char* name : {"x", "y", "z"}) {  // later ones who found room
    time.advance(Seconds{1});
    come(name);
  }
  come("ann");
  EXPECT_TRUE(sent_back.contains("z")) << "the last one makes room";
  while (let_in.size() < kLoginsWaitingMax + 2) serve_one();
  const auto at = [this](const std::string& name) {
    return std::ranges::find(let_in, name) - let_in.begin();
  };
  EXPECT_LT(at("ann"), at("x"));
  EXPECT_LT(at("x"), at("y"));
}

TEST_F(WaitingRoomTest, a_place_is_lost_when_nobody_comes_back_for_it) {
  fill_room();
  time.advance(Millis{1});
  come("ann");
  serve_one();
  come("bob");
  time.advance(kLoginPlace + Seconds{1});
  come("ann");
  EXPECT_TRUE(sent_back.contains("ann"));
  EXPECT_FALSE(sent_back.contains("bob"));
}

// Twice as many as there can be, for a minute: whoever obeys the times is let in, and after nobody who came more
// than one such time later.
TEST_F(WaitingRoomTest, a_rush_is_served_in_the_order_of_coming_but_for_one_absence) {
  constexpr int kPeople = 3000;
  std::map<std::string, int> number;
  std::multimap<int, std::string> returns;  // by step of 20 ms
  std::size_t seen_back = 0;
  for (int step = 0; let_in.size() < kPeople; ++step) {
    ASSERT_LT(step, 2 * kPeople + 3000) << "somebody is never let in";
    time.advance(Millis{20});
    if (step < kPeople) {
      const std::string name = "n" + std::to_string(step);
      number[name] = step;
      come(name);
    }
    for (auto [at, end] = returns.equal_range(step); at != end; ++at) come(at->second);
    returns.erase(step);
    for (const auto& [name, wait] : sent_back) {
      returns.emplace(step + static_cast<int>(wait.count()) * 50, name);
      ++seen_back;
    }
    sent_back.clear();
    if (step % 2 == 0 && !seats.empty()) serve_one();
  }
  EXPECT_GT(seen_back, 100u) << "the room was never full";
  const int absence = static_cast<int>(kLoginRetryMost.count()) * 50;
  int newest = 0;
  for (const std::string& name : let_in) {
    newest = std::max(newest, number[name]);
    EXPECT_LE(newest - number[name], absence) << name << " was overtaken for too long";
  }
}

}  // namespace
}  // namespace butai::access
