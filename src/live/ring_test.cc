#include "live/ring.h"

#include <gtest/gtest.h>

namespace butai::live {
namespace {

TEST(ring, starts_new_viewers_at_the_newest_entry) {
  Ring<int> ring(10, 1'000);
  EXPECT_FALSE(ring.newest_entry());
  ring.append(1, 10, true);
  ring.append(2, 10, false);
  ring.append(3, 10, true);
  ring.append(4, 10, false);
  ASSERT_TRUE(ring.newest_entry());
  EXPECT_EQ(ring.at(*ring.newest_entry()), 3);
}

TEST(ring, drops_the_oldest_by_count_and_by_bytes) {
  Ring<int> ring(3, 100);
  for (int i = 0; i < 5; ++i) ring.append(i, 10, i == 4);
  EXPECT_EQ(ring.first(), 2u);
  ring.append(5, 85, false);
  EXPECT_EQ(ring.end() - ring.first(), 2u);
  EXPECT_EQ(ring.at(ring.first()), 4);
}

TEST(ring, without_entries_in_reach_new_viewers_wait) {
  Ring<int> ring(2, 100);
  ring.append(0, 1, true);
  ring.append(1, 1, false);
  ring.append(2, 1, false);
  EXPECT_FALSE(ring.newest_entry());
}

}  // namespace
}  // namespace butai::live
