#include "worker/test_sound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "worker/loudness_meter.h"
#include "worker/testing/sound.h"

namespace butai::worker {
namespace {

using testing::strength;

constexpr std::size_t kRate = TestSound::kRate;
constexpr std::size_t kAll = kRate * TestSound::kSeconds;
constexpr double kVoiceHertz = 1350;  // where the music has nothing
constexpr double kVoiceSeconds = 5;

// Stands for a voice: syllables of one pitch.
std::vector<float> syllables(double seconds = kVoiceSeconds) {
  std::vector<float> voice(static_cast<std::size_t>(seconds * kRate));
  for (std::size_t i = 0; i < voice.size(); ++i) {
    const double at = static_cast<double>(i) / kRate;
    const double swell = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * 4 * at);
    voice[i] = static_cast<float>(swell * std::sin(2 * std::numbers::pi * kVoiceHertz * at));
  }
  return voice;
}

struct Played {
  explicit Played(const TestSound& sound, std::int64_t first = 0, std::size_t count = kAll)
      : left(count), right(count) {
    sound.copy(first, left, right);
  }
  std::span<const float> part(double from, double to) const {
    const auto at = static_cast<std::size_t>(from * kRate);
    return std::span(left).subspan(at, static_cast<std::size_t>(to * kRate) - at);
  }
  media::Loudness loudness() const {
    LoudnessMeter meter(kRate, {1, 1});
    const std::array planes{left.data(), right.data()};
    meter.take(planes, left.size());
    return meter.now();
  }
  std::vector<float> left, right;
};

TEST(TestSound, beeps_at_each_second_and_is_quiet_there_between) {
  const Played played{TestSound(syllables())};
  for (int second = 0; second < TestSound::kSeconds; ++second) {
    EXPECT_NEAR(strength(played.part(second + 0.005, second + 0.095), 1000), 0.125, 0.01) << second;
    EXPECT_LT(strength(played.part(second + 0.15, second + 0.25), 1000), 0.004) << second;
    EXPECT_LT(strength(played.part(second + 0.85, second + 0.95), 1000), 0.004) << second;
  }
}

TEST(TestSound, speaks_twice_and_has_music_between) {
  const Played played{TestSound(syllables())};
  for (const double begins : {0.4, 10.4}) {
    EXPECT_GT(strength(played.part(begins, begins + kVoiceSeconds), kVoiceHertz), 0.02);
    EXPECT_LT(strength(played.part(begins + kVoiceSeconds + 0.05, begins + 9.5), kVoiceHertz),
              1e-4);
  }
  const auto music = [&played](double from, double to) {
    double sum = 0;
    for (const float each : played.part(from, to)) sum += double{each} * each;
    return std::sqrt(sum / ((to - from) * kRate));
  };
  for (int second = 6; second < 10; ++second) EXPECT_GT(music(second + 0.2, second + 0.9), 0.02);
  // The third of the first bar's chord (E4) gives way to the voice.
  const Played alone{TestSound({})};
  EXPECT_GT(strength(alone.part(1.2, 1.9), 329.6), 2 * strength(played.part(1.2, 1.9), 329.6));
}

TEST(TestSound, is_as_loud_as_a_programme_shall_be) {
  for (const auto& voice : {syllables(), std::vector<float>{}}) {
    const Played played{TestSound(voice)};
    EXPECT_NEAR(played.loudness().integrated, media::kTargetLkfsJapan, 1) << voice.size();
    EXPECT_LT(played.loudness().true_peak, -6);
  }
}

TEST(TestSound, is_stereo) {
  const Played played{TestSound({})};
  double difference = 0, sum = 0;
  for (std::size_t i = 0; i < kAll; ++i) {
    difference += std::pow(played.left[i] - played.right[i], 2);
    sum += std::pow(played.left[i] + played.right[i], 2);
  }
  EXPECT_GT(difference, 0.01 * sum);
  EXPECT_LT(difference, sum) << "it can be heard in mono";
}

// A click is a bend that the sound itself does not have.
TEST(TestSound, goes_on_over_its_end_without_a_click) {
  const TestSound sound({});
  const Played played(sound, 3 * static_cast<std::int64_t>(kAll) - 100);
  const auto bend = [&played](std::size_t i) {
    return std::abs(played.left[i - 1] - 2 * played.left[i] + played.left[i + 1]);
  };
  float usual = 0;
  for (std::size_t i = 4 * kRate; i + 1 < kAll; ++i) usual = std::max(usual, bend(i));
  for (std::size_t i = 90; i < 110; ++i) EXPECT_LE(bend(i), usual) << i;
  // And what is copied over the end is what is copied from the beginning.
  const Played again(sound);
  EXPECT_TRUE(std::equal(played.left.begin() + 100, played.left.end(), again.left.begin()));
}

TEST(TestSound, a_phrase_that_is_too_long_is_cut) {
  const Played played{TestSound(syllables(30))};
  EXPECT_GT(strength(played.part(0.4, 8.4), kVoiceHertz), 0.02);
  EXPECT_LT(strength(played.part(8.45, 9.9), kVoiceHertz), 1e-3);
}

}  // namespace
}  // namespace butai::worker
