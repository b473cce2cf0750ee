// How strong one frequency is in a sound.
#pragma once

#include <cmath>
#include <complex>
#include <numbers>
#include <span>

namespace butai::worker::testing {

// The amplitude of a sine of this frequency in `samples` (under a Hann window).
inline double strength(std::span<const float> samples, double hertz, double rate = 48'000) {
  std::complex<double> sum;
  double weights = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto at = static_cast<double>(i);
    const double window =
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * at / static_cast<double>(samples.size()));
    sum += samples[i] * window * std::polar(1.0, -2 * std::numbers::pi * hertz * at / rate);
    weights += window;
  }
  return weights > 0 ? 2 * std::abs(sum) / weights : 0;
}

}  // namespace butai::worker::testing
