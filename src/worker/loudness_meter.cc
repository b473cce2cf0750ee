#include "worker/loudness_meter.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace butai::worker {
namespace {

constexpr std::size_t kMomentarySteps = 4, kShortTermSteps = 30;
constexpr double kOffset = -0.691;     // LUFS of a mean square of 1
constexpr double kRelativeGate = -10;  // LU
constexpr double kBinsPerLu = 100;

double lufs_of(double energy) {
  return energy > 0 ? std::max(kOffset + 10 * std::log10(energy), media::kSilenceLufs)
                    : media::kSilenceLufs;
}
double energy_of(double lufs) { return std::pow(10, (lufs - kOffset) / 10); }

}  // namespace

LoudnessMeter::LoudnessMeter(std::uint32_t sample_rate, const std::vector<double>& weights)
    : step_(std::max<std::size_t>(1, sample_rate / 10)), histogram_(kBins) {
  // The analogue filters that give the standard's coefficients at 48 kHz, by the bilinear transform.
  constexpr double kShelfHz = 1681.974450955533, kShelfQ = 0.7071752369554196;
  constexpr double kShelfDb = 3.999843853973347, kBandExponent = 0.4996667741545416;
  constexpr double kPassHz = 38.13547087602444, kPassQ = 0.5003270373238773;
  {
    const double k = std::tan(std::numbers::pi * kShelfHz / sample_rate);
    const double high = std::pow(10, kShelfDb / 20), band = std::pow(high, kBandExponent);
    const double a0 = 1 + k / kShelfQ + k * k;
    shelf_ = {(high + band * k / kShelfQ + k * k) / a0, 2 * (k * k - high) / a0,
              (high - band * k / kShelfQ + k * k) / a0, 2 * (k * k - 1) / a0,
              (1 - k / kShelfQ + k * k) / a0};
  }
  {
    const double k = std::tan(std::numbers::pi * kPassHz / sample_rate);
    const double a0 = 1 + k / kPassQ + k * k;
    pass_ = {1, -2, 1, 2 * (k * k - 1) / a0, (1 - k / kPassQ + k * k) / a0};
  }
  // A sinc under a Hann window, cut into the four places between two samples.
  for (int phase = 0; phase < kPhases; ++phase) {
    double sum = 0;
    for (int tap = 0; tap < kTaps; ++tap) {
      const double x = kTaps / 2.0 - 1 - tap + static_cast<double>(phase) / kPhases;
      const double sinc =
          std::abs(x) < 1e-9 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
      const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * x / (kTaps / 2.0));
      interpolator_[phase][tap] = sinc * window;
      sum += interpolator_[phase][tap];
    }
    for (double& each : interpolator_[phase]) each /= sum;
  }
  channels_.resize(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) channels_[i].weight = weights[i];
}

double LoudnessMeter::filtered(const Biquad& filter, State& state, double sample) {
  const double x0 = sample - filter.a1 * state.x1 - filter.a2 * state.x2;
  const double y = filter.b0 * x0 + filter.b1 * state.x1 + filter.b2 * state.x2;
  state = {x0, state.x1};
  return y;
}

void LoudnessMeter::find_peak(Channel& channel, double sample) {
  std::ranges::rotate(channel.recent, channel.recent.begin() + 1);
  channel.recent.back() = sample;
  for (const auto& phase : interpolator_) {
    double between = 0;
    for (int tap = 0; tap < kTaps; ++tap) between += phase[tap] * channel.recent[tap];
    channel.peak = std::max(channel.peak, std::abs(between));
  }
}

void LoudnessMeter::take(std::span<const float* const> planes, std::size_t samples) {
  std::size_t at = 0;
  while (at < samples) {
    const std::size_t count = std::min(samples - at, step_ - filled_);
    for (std::size_t c = 0; c < std::min(channels_.size(), planes.size()); ++c) {
      Channel& channel = channels_[c];
      for (std::size_t i = at; i < at + count; ++i) {
        const double sample = planes[c][i];
        if (!std::isfinite(sample)) continue;
        const double heard = filtered(pass_, channel.pass, filtered(shelf_, channel.shelf, sample));
        channel.sum += heard * heard;
        find_peak(channel, sample);
      }
    }
    at += count;
    filled_ += count;
    if (filled_ == step_) end_step();
  }
}

void LoudnessMeter::end_step() {
  double energy = 0;
  for (Channel& channel : channels_) {
    energy += channel.weight * std::exchange(channel.sum, 0) / static_cast<double>(step_);
  }
  filled_ = 0;
  steps_.push_back(energy);
  if (steps_.size() > kShortTermSteps) steps_.pop_front();
  if (steps_.size() < kMomentarySteps) return;
  const double block = mean_of(kMomentarySteps);
  const double lufs = lufs_of(block);
  if (lufs <= media::kSilenceLufs) return;
  const auto bin = static_cast<std::size_t>((lufs - media::kSilenceLufs) * kBinsPerLu);
  Bin& place = histogram_[std::min(bin, kBins - 1)];
  ++place.count;
  place.energy += block;
}

double LoudnessMeter::mean_of(std::size_t steps) const {
  const std::size_t count = std::min(steps, steps_.size());
  if (count == 0) return 0;
  double sum = 0;
  for (std::size_t i = steps_.size() - count; i < steps_.size(); ++i) sum += steps_[i];
  return sum / static_cast<double>(count);
}

double LoudnessMeter::integrated() const {
  const auto mean_above = [this](double gate) {
    const double from = (gate - media::kSilenceLufs) * kBinsPerLu;
    std::uint64_t count = 0;
    double energy = 0;
    for (std::size_t i = static_cast<std::size_t>(std::clamp(from, 0.0, kBins - 1.0)); i < kBins;
         ++i) {
      count += histogram_[i].count;
      energy += histogram_[i].energy;
    }
    return count > 0 ? energy / static_cast<double>(count) : 0;
  };
  const double all = mean_above(media::kSilenceLufs);
  if (all <= energy_of(media::kSilenceLufs)) return media::kSilenceLufs;
  return lufs_of(mean_above(lufs_of(all) + kRelativeGate));
}

media::Loudness LoudnessMeter::now() const {
  double peak = 0;
  for (const Channel& channel : channels_) peak = std::max(peak, channel.peak);
  return {.momentary = lufs_of(mean_of(kMomentarySteps)),
          .short_term = lufs_of(mean_of(kShortTermSteps)),
          .integrated = integrated(),
          .true_peak = peak > 0 ? std::max(20 * std::log10(peak), media::kSilenceLufs)
                                : media::kSilenceLufs};
}

}  // namespace butai::worker
