// The sound of the test picture: a voice, quiet music, and a beep at each full second.
// Flow:   a spoken phrase -> TestSound -> capture job -> AacEncoder
// Thread: its job's. Made once, a fraction of a second of one core; then it is copied from.
// Limits: kSeconds of stereo, 8 MB; of the phrase kVoiceMost.
//
//  1. Eight bars in twenty seconds: a bass, a held chord and its notes one after another, each a sum of
//     a few partials. What rings at the end rings into the beginning, so the loop has no seam.
//  2. The phrase twice, ten seconds apart, so that a listener of ten seconds hears it; the music gives way.
//  3. The beep is 100 ms of 1 kHz at -18 dBFS. No partial of the music comes near it, so that it can be
//     measured (lip sync, latency).
//  4. All of it is about -24 LKFS, what a programme in Japan is brought to (media/loudness.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace butai::worker {

class TestSound {
 public:
  static constexpr int kRate = 48'000;  // Hz
  static constexpr int kSeconds =
      20;  // of the loop, which begins at multiples of them since the epoch
  static constexpr double kVoiceEvery = 10, kVoiceAt = 0.4, kVoiceMost = 8;  // seconds

  // `voice`: one channel at kRate, as loud as it comes. Empty: music and beep alone.
  explicit TestSound(std::span<const float> voice);

  // What sounds from sample `first` since the Unix epoch on; both of one size.
  void copy(std::int64_t first, std::span<float> left, std::span<float> right) const;

 private:
  struct Tone;
  void add(const Tone& tone);
  void play_music();
  void level_music();
  void give_way(double voice_seconds);
  void speak(std::span<const float> voice);
  void beep();

  std::array<std::vector<float>, 2> loop_;
};

}  // namespace butai::worker
