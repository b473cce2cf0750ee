#include "net/loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <vector>

namespace butai::net {
namespace {

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() { loops.start(); }
  ~LoopTest() override { loops.stop(); }
  Loops loops{2};
};

TEST_F(LoopTest, what_one_loop_posts_to_another_comes_in_the_order_in_which_it_was_posted) {
  std::vector<int> seen;  // on the second loop
  std::promise<void> done;
  loops[0].post([&] {
    for (int i = 0; i < 100; ++i) loops[1].post([&seen, i] { seen.push_back(i); });
    // Behind them, although it is posted in the next task.
    loops[0].post([&] {
      loops[1].post([&] {
        seen.push_back(100);
        done.set_value();
      });
    });
  });
  done.get_future().wait();
  ASSERT_EQ(seen.size(), 101u);
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST_F(LoopTest, loops_answer_each_other) {
  std::promise<std::size_t> answered;
  loops[0].post([&] {
    loops[1].post([&] { loops[0].post([&] { answered.set_value(Loop::current()->index()); }); });
  });
  EXPECT_EQ(answered.get_future().get(), 0u);
}

TEST_F(LoopTest, who_stands_still_until_it_has_run_is_not_kept_waiting) {
  std::promise<bool> stood;
  loops[0].post([&] {
    std::promise<void> ran;
    loops[1].post_at_once([&ran] { ran.set_value(); });
    stood.set_value(ran.get_future().wait_for(Seconds{10}) == std::future_status::ready);
  });
  EXPECT_TRUE(stood.get_future().get());
}

TEST_F(LoopTest, long_waits_that_end_at_about_the_same_time_end_together_and_never_early) {
  constexpr int kWaits = 20;
  std::vector<Micros> lengths, ends;
  std::vector<TimerHandle> timers;
  std::promise<void> done;
  loops[0].post([&] {
    const Steady from = std::chrono::steady_clock::now();
    for (int i = 0; i < kWaits; ++i) {
      lengths.push_back(Millis{300 + i});
      timers.push_back(loops[0].after(lengths.back(), [&, from, i] {
        const auto took = std::chrono::steady_clock::now() - from;
        EXPECT_GE(took, lengths[static_cast<std::size_t>(i)]);
        ends.push_back(std::chrono::duration_cast<Micros>(took));
        if (ends.size() == kWaits) done.set_value();
      }));
    }
  });
  done.get_future().wait();
  loops.stop();  // the handles end here, on this thread
  int wakings = 1;
  for (std::size_t i = 1; i < ends.size(); ++i) wakings += ends[i] - ends[i - 1] > Micros{700};
  EXPECT_LE(wakings, 10) << "for twenty waits that end a millisecond apart";
}

}  // namespace
}  // namespace butai::net
