#include "worker/loudness_meter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

namespace butai::worker {
namespace {

// A sine in all channels, at a level in dBFS.
void play(LoudnessMeter& meter, double level, double seconds, std::uint32_t rate = 48'000,
          double hertz = 1000, std::size_t channels = 2, double phase = 0) {
  std::vector<float> sine(static_cast<std::size_t>(seconds * rate));
  const double amplitude = std::pow(10, level / 20);
  for (std::size_t i = 0; i < sine.size(); ++i) {
    sine[i] = static_cast<float>(
        amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate + phase));
  }
  const std::vector<const float*> planes(channels, sine.data());
  meter.take(planes, sine.size());
}

class AnyRate : public ::testing::TestWithParam<std::uint32_t> {};

// EBU Tech 3341, minimum requirements test signals 1 and 2.
TEST_P(AnyRate, a_tone_in_stereo_is_as_loud_as_its_level) {
  for (const double level : {-23.0, -33.0}) {
    LoudnessMeter meter(GetParam(), {1, 1});
    play(meter, level, 20, GetParam());
    EXPECT_NEAR(meter.now().momentary, level, 0.1);
    EXPECT_NEAR(meter.now().short_term, level, 0.1);
    EXPECT_NEAR(meter.now().integrated, level, 0.1);
  }
}
INSTANTIATE_TEST_SUITE_P(LoudnessMeter, AnyRate,
                         ::testing::Values(32'000u, 44'100u, 48'000u, 96'000u));

// Test signals 3 and 4: what is quiet beside the programme, or silent, does not count.
TEST(LoudnessMeter, gates_what_is_quiet) {
  LoudnessMeter meter(48'000, {1, 1});
  for (const auto& [level, seconds] :
       {std::pair{-72.0, 10.0}, {-36.0, 10.0}, {-23.0, 60.0}, {-36.0, 10.0}, {-72.0, 10.0}}) {
    play(meter, level, seconds);
  }
  EXPECT_NEAR(meter.now().integrated, -23, 0.1);
  EXPECT_LT(meter.now().short_term, -69);
}

// Test signal 5.
TEST(LoudnessMeter, counts_what_is_within_ten_units_of_the_mean) {
  LoudnessMeter meter(48'000, {1, 1});
  for (const auto& [level, seconds] : {std::pair{-26.0, 20.0}, {-20.0, 20.1}, {-26.0, 20.0}}) {
    play(meter, level, seconds);
  }
  EXPECT_NEAR(meter.now().integrated, -23, 0.1);
}

// Test signal 6: 5.0 with the sides and the back louder by 1.5 dB.
TEST(LoudnessMeter, weighs_channels_by_where_they_are) {
  LoudnessMeter front(48'000, {1, 1, 1, 0, 1.41, 1.41}), mono(48'000, {1});
  play(front, -30, 20, 48'000, 1000, 6);
  EXPECT_NEAR(front.now().integrated, -30 + 10 * std::log10((3 + 2 * 1.41) / 2), 0.1);
  play(mono, -23, 20, 48'000, 1000, 1);
  EXPECT_NEAR(mono.now().integrated, -26, 0.1);
}

// Test signals 15 and 16: peaks between two samples.
TEST(LoudnessMeter, finds_peaks_between_samples) {
  LoudnessMeter meter(48'000, {1});
  play(meter, -6, 1, 48'000, 12'000, 1, std::numbers::pi / 4);
  EXPECT_NEAR(meter.now().true_peak, -6, 0.3);
}

TEST(LoudnessMeter, silence_and_nonsense_are_nothing) {
  LoudnessMeter meter(48'000, {1});
  EXPECT_EQ(meter.now().integrated, media::kSilenceLufs);
  const std::vector<float> zeros(48'000), nonsense(48'000, NAN);
  for (const auto& each : {zeros, nonsense}) {
    const float* plane = each.data();
    meter.take({&plane, 1}, each.size());
  }
  EXPECT_EQ(meter.now().integrated, media::kSilenceLufs);
  EXPECT_EQ(meter.now().true_peak, media::kSilenceLufs);
}

}  // namespace
}  // namespace butai::worker
