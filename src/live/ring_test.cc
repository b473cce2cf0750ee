#include "live/ring.h"

#include <gtest/gtest.h>

namespace butai::live {
namespace {

TEST(ring, drops_the_oldest_by_count_and_by_bytes) {
  Ring<int> ring(3, 100);
  for (int i = 0; i < 5; ++i) ring.append(i, 10);
  EXPECT_EQ(ring.first(), 2u);
  ring.append(5, 85);
  EXPECT_EQ(ring.end() - ring.first(), 2u);
  EXPECT_EQ(ring.at(ring.first()), 4);
}

TEST(ring, drops_the_oldest_as_long_as_it_is_told) {
  Ring<int> ring(9, 100);
  for (int i = 0; i < 5; ++i) ring.append(i, 10);
  ring.drop_while([](int item) { return item < 3; });
  EXPECT_EQ(ring.first(), 3u);
  ring.drop_while([](int) { return true; });
  EXPECT_EQ(ring.first(), ring.end());
}

}  // namespace
}  // namespace butai::live
