#include "client/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "client/limits.h"

namespace butai::client {
namespace {

// Every byte is `value`: 0x00 gives the shortest waits.
class SameBytes final : public Random {
 public:
  explicit SameBytes(std::uint8_t value) : value_(value) {}
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, value_); }

 private:
  std::uint8_t value_;
};

TEST(Backoff, doubles_from_a_quarter_second_and_stops_growing) {
  SameBytes zero(0);
  Backoff backoff(zero);
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(backoff.next().count());
  EXPECT_EQ(waits, (std::vector<std::int64_t>{250, 500, 1000, 2000, 4000, 5000, 5000, 5000}));
}

TEST(Backoff, starts_again_after_a_good_connection) {
  SameBytes zero(0);
  Backoff backoff(zero);
  for (int i = 0; i < 5; ++i) backoff.next();
  backoff.reset();
  EXPECT_EQ(backoff.next(), kBackoffFirst);
}

TEST(Backoff, two_clients_do_not_come_back_together) {
  SystemRandom random;
  Backoff backoff(random);
  for (int i = 0; i < 6; ++i) backoff.next();
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 50; ++i) waits.push_back(backoff.next().count());
  const auto [least, most] = std::ranges::minmax(waits);
  EXPECT_GE(least, kBackoffMax.count() / 2);
  EXPECT_LE(most, kBackoffMax.count());
  EXPECT_GT(most - least, 1000);
}

}  // namespace
}  // namespace butai::client
