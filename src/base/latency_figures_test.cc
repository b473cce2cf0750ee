#include "base/latency_figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace butai {
namespace {

TEST(LatencyFigures, nothing_measured_is_zero) {
  const LatencyFigures figures;
  EXPECT_EQ(figures.count(), 0u);
  EXPECT_EQ(figures.quantile(0.5), Micros{0});
  EXPECT_EQ(figures.max(), Micros{0});
}

TEST(LatencyFigures, small_values_are_exact) {
  LatencyFigures figures;
  for (int i = 1; i <= 100; ++i) figures.add(Micros{i});
  EXPECT_EQ(figures.quantile(0.5), Micros{50});
  EXPECT_EQ(figures.quantile(0.99), Micros{99});
  EXPECT_EQ(figures.max(), Micros{100});
}

TEST(LatencyFigures, quantiles_are_within_two_percent_of_the_sorted_list) {
  LatencyFigures figures;
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < 10'000; ++i) {
    const std::int64_t value = (i * 7919) % 10'007 * (i % 13) + 1;
    all.push_back(value);
    figures.add(Micros{value});
  }
  std::ranges::sort(all);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = all[static_cast<std::size_t>(std::ceil(share * 10'000)) - 1];
    const auto told = figures.quantile(share).count();
    EXPECT_GE(told, exact) << share;
    EXPECT_LE(static_cast<double>(told), static_cast<double>(exact) * 1.016 + 1) << share;
  }
  EXPECT_EQ(figures.max().count(), all.back());
}

TEST(LatencyFigures, clocks_that_disagree_count_as_zero_and_nothing_overflows) {
  LatencyFigures figures;
  figures.add(Micros{-5000});
  EXPECT_EQ(figures.quantile(0.99), Micros{0});
  figures.add(Micros::max());
  EXPECT_EQ(figures.count(), 2u);
  EXPECT_EQ(figures.quantile(1.0), figures.max());
}

}  // namespace
}  // namespace butai
