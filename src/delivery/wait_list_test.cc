#include "delivery/wait_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace butai::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WaitListTest : public ::testing::Test {
 protected:
  using List = WaitList<int, std::string>;

  List::Ticket add(int key, std::string name) { return list_.add(key, at(12), std::move(name)); }
  static Steady at(int seconds) { return Steady{Seconds{seconds}}; }
  // Who is released when everything up to `key` has come.
  std::vector<std::string> come(int key) {
    std::vector<std::string> released;
    list_.release([key](int awaited) { return awaited <= key; },
                  [&](int, const std::string& name) { released.push_back(name); });
    return released;
  }
  List list_;
};

TEST_F(WaitListTest, releases_all_who_wait_for_what_has_come_in_their_order) {
  add(2, "c");
  add(1, "a");
  add(1, "b");
  EXPECT_EQ(list_.size(), 3u);
  EXPECT_THAT(come(1), ElementsAre("a", "b"));
  EXPECT_THAT(come(1), IsEmpty());
  EXPECT_THAT(come(2), ElementsAre("c"));
  EXPECT_TRUE(list_.empty());
}

TEST_F(WaitListTest, asks_once_however_many_wait) {
  for (int i = 0; i < 10'000; ++i) add(i % 2, "x");
  int asked = 0;
  list_.release(
      [&](int) {
        ++asked;
        return false;
      },
      [](int, const std::string&) {});
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(list_.size(), 10'000u);
}

TEST_F(WaitListTest, forgets_who_went_away) {
  add(1, "a");
  const auto b = add(1, "b");
  add(1, "c");
  list_.remove(b);
  list_.remove(b);
  EXPECT_EQ(list_.size(), 2u);
  EXPECT_THAT(come(1), ElementsAre("a", "c"));
  list_.remove(b);
  EXPECT_TRUE(list_.empty());
}

TEST_F(WaitListTest, is_empty_when_the_last_went_away) {
  const auto a = add(1, "a");
  const auto b = add(1, "b");
  list_.remove(b);
  list_.remove(a);
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(list_.earliest(), std::nullopt);
}

TEST_F(WaitListTest, who_is_released_may_wait_again) {
  add(1, "a");
  list_.release([](int) { return true; }, [&](int, const std::string& name) { add(2, name); });
  EXPECT_EQ(list_.size(), 1u);
  EXPECT_THAT(come(2), ElementsAre("a"));
}

TEST_F(WaitListTest, expires_those_whose_time_has_come) {
  const auto a = list_.add(1, at(10), "a");
  list_.add(2, at(11), "b");
  list_.add(1, at(12), "c");
  list_.remove(a);
  EXPECT_EQ(list_.earliest(), at(11));
  std::vector<std::string> late;
  const auto note = [&](const std::string& name) { late.push_back(name); };
  list_.expire(at(10), note);
  EXPECT_THAT(late, IsEmpty());
  list_.expire(at(11), note);
  EXPECT_THAT(late, ElementsAre("b"));
  EXPECT_EQ(list_.earliest(), at(12));
  list_.expire(at(13), note);
  EXPECT_THAT(late, ElementsAre("b", "c"));
  EXPECT_TRUE(list_.empty());
}

}  // namespace
}  // namespace butai::delivery
