#include "worker/test_sound.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace butai::worker {
namespace {

constexpr std::size_t kSamples = std::size_t{TestSound::kRate} * TestSound::kSeconds;
constexpr double kTurn = 2 * std::numbers::pi;

// Mean squares of both channels together: with the beep's, -24 LKFS.
constexpr double kMusicEnergy = 0.0034;
constexpr double kVoiceEnergy = 0.0031;  // of what is spoken, without the pauses
constexpr float kBehindVoice = 0.3F;     // the music under the voice: -10 dB
constexpr double kGivesWay = 0.3;        // seconds, before and after the voice

constexpr std::size_t kBeepSamples = TestSound::kRate / 10;  // 100 ms
constexpr std::size_t kFadeSamples =
    TestSound::kRate / 200;  // 5 ms, so that the beep does not click
constexpr double kBeepHertz = 1000;
constexpr float kBeepLevel = 0.125F;  // -18 dBFS
constexpr double kClearOfBeep = 60;   // Hz on both sides

// C, G, A minor, E minor, F, C, F, G by the numbers of MIDI; the bass, then the chord from below.
struct Bar {
  int bass;
  std::array<int, 3> chord;
};
constexpr std::array<Bar, 8> kBars{{{48, {60, 64, 67}},
                                    {43, {59, 62, 67}},
                                    {45, {60, 64, 69}},
                                    {40, {59, 64, 67}},
                                    {41, {60, 65, 69}},
                                    {48, {60, 64, 67}},
                                    {41, {57, 60, 65}},
                                    {43, {59, 62, 67}}}};
constexpr double kBarSeconds = static_cast<double>(TestSound::kSeconds) / kBars.size();
constexpr double kStepSeconds = kBarSeconds / 8;
constexpr std::array kSteps{0, 1, 2, 3,
                            2, 1, 2, 1};  // notes of the chord; 3: the lowest an octave up

double hertz_of(int note) { return 440 * std::pow(2, (note - 69) / 12.0); }

double energy_of(std::span<const float> samples) {
  double sum = 0;
  for (const float each : samples) sum += double{each} * each;
  return sum / static_cast<double>(std::max<std::size_t>(1, samples.size()));
}

// Of what is spoken: parts of 100 ms that are no more than 10 dB below the loudest.
double spoken_energy(std::span<const float> voice) {
  std::vector<double> parts;
  constexpr std::size_t kPart = TestSound::kRate / 10;
  for (std::size_t at = 0; at < voice.size(); at += kPart) {
    parts.push_back(energy_of(voice.subspan(at, std::min(kPart, voice.size() - at))));
  }
  const double loudest = parts.empty() ? 0 : std::ranges::max(parts);
  double sum = 0;
  int count = 0;
  for (const double each : parts) {
    if (each * 10 < loudest) continue;
    sum += each;
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace

// A sine that swells for `attack`, fades by `decay` (to 1/e; 0: not at all), and ends within `release`.
struct TestSound::Tone {
  double at = 0, seconds = 0;
  double hertz = 0;
  float left = 0, right = 0;
  double attack = 0.006, release = 0.01, decay = 0;
};

TestSound::TestSound(std::span<const float> voice) {
  for (auto& channel : loop_) channel.assign(kSamples, 0);
  play_music();
  level_music();
  constexpr auto kMost = static_cast<std::size_t>(kVoiceMost * kRate);
  speak(voice.first(std::min(voice.size(), kMost)));
  beep();
}

void TestSound::add(const Tone& tone) {
  if (std::abs(tone.hertz - kBeepHertz) < kClearOfBeep) return;
  const double fade = tone.decay > 0 ? std::exp(-1 / (tone.decay * kRate)) : 1;
  const double along = std::cos(kTurn * tone.hertz / kRate) * fade;
  const double across = std::sin(kTurn * tone.hertz / kRate) * fade;
  const auto count = static_cast<std::int64_t>(tone.seconds * kRate);
  const double attack = tone.attack * kRate, release = tone.release * kRate;
  double sine = 0, cosine = 1;  // turned by one sample each time
  std::size_t to = static_cast<std::size_t>(tone.at * kRate) % kSamples;
  for (std::int64_t i = 0; i < count; ++i) {
    const double shape =
        std::min({1.0, static_cast<double>(i) / attack, static_cast<double>(count - i) / release});
    loop_[0][to] += tone.left * static_cast<float>(sine * shape);
    loop_[1][to] += tone.right * static_cast<float>(sine * shape);
    const double turned = sine * along + cosine * across;
    cosine = cosine * along - sine * across;
    sine = turned;
    if (++to == kSamples) to = 0;
  }
}

void TestSound::play_music() {
  constexpr std::array kPlucked{1.0F, 0.4F, 0.2F, 0.08F};  // partials
  constexpr std::array kHeld{0.18F, 0.05F};
  constexpr std::array kBass{0.7F, 0.25F, 0.1F};
  for (std::size_t b = 0; b < kBars.size(); ++b) {
    const Bar& bar = kBars[b];
    const double begins = static_cast<double>(b) * kBarSeconds;
    for (std::size_t h = 0; h < kBass.size(); ++h) {
      add({.at = begins,
           .seconds = 2.4,
           .hertz = hertz_of(bar.bass) * static_cast<double>(h + 1),
           .left = kBass[h],
           .right = kBass[h],
           .attack = 0.02,
           .release = 0.3,
           .decay = 0.9});
    }
    for (std::size_t n = 0; n < bar.chord.size(); ++n) {
      for (std::size_t h = 0; h < kHeld.size(); ++h) {
        add({.at = begins,
             .seconds = kBarSeconds + 0.6,
             .hertz = hertz_of(bar.chord[n]) * static_cast<double>(h + 1),
             .left = kHeld[h] * (n == 0 ? 1.2F : 0.8F),
             .right = kHeld[h] * (n == 2 ? 1.2F : 0.8F),
             .attack = 0.6,
             .release = 0.6});
      }
    }
    for (std::size_t s = 0; s < kSteps.size(); ++s) {
      const int step = kSteps[s];
      const int note = step == 3 ? bar.chord[0] + 12 : bar.chord[static_cast<std::size_t>(step)];
      const float left = s % 2 == 0 ? 0.9F : 0.5F;
      for (std::size_t h = 0; h < kPlucked.size(); ++h) {
        const auto times = static_cast<double>(h + 1);
        const double decay = 0.35 / std::sqrt(times);
        add({.at = begins + static_cast<double>(s) * kStepSeconds,
             .seconds = 6 * decay,
             .hertz = hertz_of(note) * times,
             .left = kPlucked[h] * left,
             .right = kPlucked[h] * (1.4F - left),
             .decay = decay});
      }
    }
  }
}

void TestSound::level_music() {
  const double now = energy_of(loop_[0]) + energy_of(loop_[1]);
  const auto gain = static_cast<float>(std::sqrt(kMusicEnergy / now));
  for (auto& channel : loop_) {
    for (float& each : channel) each *= gain;
  }
}

void TestSound::give_way(double voice_seconds) {
  for (std::size_t i = 0; i < kSamples; ++i) {
    const double at =
        std::fmod(static_cast<double>(i) / kRate + kVoiceEvery - kVoiceAt, kVoiceEvery);
    // Seconds away from the voice: behind its end, or before it comes again.
    const double away = at <= voice_seconds ? 0 : std::min(at - voice_seconds, kVoiceEvery - at);
    if (away >= kGivesWay) continue;
    const auto share = static_cast<float>(away / kGivesWay);
    const float gain = kBehindVoice + (1 - kBehindVoice) * share;
    for (auto& channel : loop_) channel[i] *= gain;
  }
}

void TestSound::speak(std::span<const float> voice) {
  const double energy = 2 * spoken_energy(voice);  // on both channels
  if (energy <= 0) return;
  give_way(static_cast<double>(voice.size()) / kRate);
  const auto gain = static_cast<float>(std::sqrt(kVoiceEnergy / energy));
  for (const double begins : {kVoiceAt, kVoiceAt + kVoiceEvery}) {
    const auto from = static_cast<std::size_t>(begins * kRate);
    for (std::size_t i = 0; i < voice.size(); ++i) {
      const std::size_t edge = std::min({i, voice.size() - i, kFadeSamples});
      const float each = voice[i] * gain * static_cast<float>(edge) / kFadeSamples;
      for (auto& channel : loop_) channel[from + i] += each;
    }
  }
}

void TestSound::beep() {
  for (std::size_t second = 0; second < kSeconds; ++second) {
    for (std::size_t i = 0; i < kBeepSamples; ++i) {
      const std::size_t edge = std::min({i, kBeepSamples - i, kFadeSamples});
      const float fade = static_cast<float>(edge) / kFadeSamples;
      const double phase = kTurn * kBeepHertz * static_cast<double>(i) / kRate;
      for (auto& channel : loop_) {
        channel[second * kRate + i] += kBeepLevel * fade * static_cast<float>(std::sin(phase));
      }
    }
  }
}

void TestSound::copy(std::int64_t first, std::span<float> left, std::span<float> right) const {
  const std::array to{left, right};
  for (std::size_t c = 0; c < to.size(); ++c) {
    std::size_t from = static_cast<std::size_t>(first) % kSamples;
    for (std::size_t done = 0; done < to[c].size();) {
      const std::size_t count = std::min(to[c].size() - done, kSamples - from);
      std::copy_n(loop_[c].begin() + static_cast<std::ptrdiff_t>(from), count,
                  to[c].begin() + static_cast<std::ptrdiff_t>(done));
      done += count;
      from = 0;
    }
  }
}

}  // namespace butai::worker
