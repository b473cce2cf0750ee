#include "package/grid.h"

#include <algorithm>
#include <cmath>

#include "media/aac.h"
#include "package/limits.h"

namespace butai::package {
namespace {

// floor(a / b) for b > 0.
constexpr std::int64_t floor_div(__int128 a, __int128 b) {
  return static_cast<std::int64_t>(a >= 0 ? a / b : -((-a + b - 1) / b));
}

}  // namespace

bool is_ntsc(media::Rational rate) {
  if (rate.num == 0 || rate.den == 0) return false;
  // Containers write 30000/1001, 2997/100, even 23.98; the next whole rate is 1/1000 away.
  constexpr double kNear = 3e-4;
  const double value = static_cast<double>(rate.num) / rate.den;
  const double whole = std::round(value * 1.001);
  return std::abs(value * 1.001 - whole) < kNear * whole;
}

Grid Grid::of(const media::Track& track, Micros segment) {
  const bool ntsc = track.codec == media::Codec::H264 && is_ntsc(track.frame_rate);
  return ntsc ? Grid(segment.count() * 1001, 1'000'000 * std::int64_t{1000})
              : Grid(segment.count(), 1'000'000);
}

std::int64_t Grid::boundary(std::int64_t n, std::uint32_t timescale) const {
  const __int128 product = static_cast<__int128>(n) * num_ * timescale;
  return floor_div(product + den_ / 2, den_);
}

std::int64_t Grid::index(Ticks time, std::int64_t tolerance) const {
  const __int128 value = static_cast<__int128>(time.value) + tolerance;
  // boundary() rounds to the nearest tick; half a tick more keeps the two of one mind.
  return floor_div((2 * value + 1) * den_, static_cast<__int128>(2) * num_ * time.timescale);
}

bool Grid::on_boundary(Ticks time, std::int64_t tolerance) const {
  const std::int64_t nearest = boundary(index(time, tolerance), time.timescale);
  return time.value - nearest <= tolerance && nearest - time.value <= tolerance;
}

Ticks nominal_frame(const media::Track& track) {
  if (track.codec == media::Codec::Aac) {
    if (track.sample_rate == 0) return {0, track.timescale};
    return {mul_div(media::kAacFrameSamples, track.timescale, track.sample_rate), track.timescale};
  }
  if (track.frame_rate.num == 0) return {0, track.timescale};
  return {mul_div(track.timescale, track.frame_rate.den, track.frame_rate.num), track.timescale};
}

Ticks part_target(const media::Track& track, Micros segment) {
  // In units fine enough for every rate: nanoseconds.
  constexpr std::uint32_t kNano = 1'000'000'000;
  const std::int64_t usual = segment.count() * 1001 / kPartsPerSegment;  // of 2.002 s, rounded down
  std::int64_t frame = 0;
  if (track.codec == media::Codec::Aac && track.sample_rate > 0) {
    frame = mul_div(media::kAacFrameSamples, kNano, track.sample_rate);
  } else if (track.codec == media::Codec::H264 && track.frame_rate.num > 0) {
    frame = mul_div(kNano, track.frame_rate.den, track.frame_rate.num);
  }
  if (frame == 0) return {usual + 1, kNano};
  // A frame's length is rounded, so a hundred of them may be off by as many nanoseconds.
  const std::int64_t count = std::max<std::int64_t>(1, (usual + 100) / frame);
  const std::int64_t whole = count * frame;
  const bool fits = whole <= usual + 100 && whole * 100 >= usual * 85;
  return {(fits ? std::max(usual, whole) : whole) + 1, kNano};
}

}  // namespace butai::package
