// A loudness meter.
// Flow:   samples -> K weighting -> energy of each 100 ms -> momentary, short-term, integrated
//         samples -> four times the rate -> true peak
// Thread: plain object of its job.
// Limits: kBins of integrated loudness, whatever the programme's length.
// Spec:   ITU-R BS.1770-5 annexes 1 and 2, EBU Tech 3341 (2016).
//
//  1. Each channel goes through a high shelf (the head) and a high pass (RLB). The standard gives their
//     coefficients for 48 kHz; here they are made for any rate from the filters behind those.
//  2. Every 100 ms the mean squares of all channels are summed with their weights.
//  3. Four of them are momentary loudness, and a block of the integrated one; thirty are short-term.
//  4. Blocks above -70 LUFS go into a histogram of hundredths. Integrated is the mean energy of those that
//     are no more than 10 LU below the mean of all of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "media/loudness.h"

namespace butai::worker {

class LoudnessMeter {
 public:
  // `weights` of the channels: 1 in front, 1.41 at the sides and behind, 0 for low-frequency effects.
  LoudnessMeter(std::uint32_t sample_rate, const std::vector<double>& weights);

  // One plane of `samples` for each channel, full scale 1.
  void take(std::span<const float* const> planes, std::size_t samples);
  media::Loudness now() const;

 private:
  struct Biquad {
    double b0 = 1, b1 = 0, b2 = 0, a1 = 0, a2 = 0;
  };
  struct State {
    double x1 = 0, x2 = 0;
  };
  static constexpr int kPhases = 4, kTaps = 12;
  struct Channel {
    double weight = 1;
    State shelf = {}, pass = {};
    double sum = 0;                      // of squares since the last 100 ms
    std::array<double, kTaps> recent{};  // newest last
    double peak = 0;
  };
  struct Bin {
    std::uint64_t count = 0;
    double energy = 0;
  };
  static constexpr std::size_t kBins = 8000;  // -70 to +10 LUFS in hundredths

  static double filtered(const Biquad& filter, State& state, double sample);
  void find_peak(Channel& channel, double sample);
  void end_step();
  double mean_of(std::size_t steps) const;
  double integrated() const;

  std::size_t step_;  // samples in 100 ms
  Biquad shelf_, pass_;
  std::array<std::array<double, kTaps>, kPhases> interpolator_{};
  std::vector<Channel> channels_;
  std::size_t filled_ = 0;
  std::deque<double> steps_;  // energy of the last 3 s
  std::vector<Bin> histogram_;
};

}  // namespace butai::worker
