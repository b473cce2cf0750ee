// Time as types: UTC in microseconds, and media time in ticks of a track's own timescale.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace butai {

using Micros = std::chrono::microseconds;
using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
using Utc =
    std::chrono::sys_time<Micros>;  // microseconds since 1970-01-01T00:00:00Z, no leap seconds
using Steady = std::chrono::steady_clock::time_point;

constexpr std::int64_t micros_of(Utc when) { return when.time_since_epoch().count(); }
constexpr Utc utc_of(std::int64_t micros) { return Utc{Micros{micros}}; }

// a * b / c, rounded to nearest, without overflow on the way. c > 0.
constexpr std::int64_t mul_div(std::int64_t a, std::int64_t b, std::int64_t c) {
  const __int128 product = static_cast<__int128>(a) * b;
  const __int128 half = c / 2;
  return static_cast<std::int64_t>((product >= 0 ? product + half : product - half) / c);
}

// A media time or duration: value / timescale seconds. As a time it counts from the Unix epoch
// (DESIGN decision 5), so 10 hours of 90 kHz need 64 bits.
struct Ticks {
  std::int64_t value = 0;
  std::uint32_t timescale = 1;

  constexpr Ticks in(std::uint32_t other) const {
    return other == timescale ? *this : Ticks{mul_div(value, other, timescale), other};
  }
  constexpr double seconds() const { return static_cast<double>(value) / timescale; }
  constexpr Micros micros() const { return Micros{mul_div(value, 1'000'000, timescale)}; }
  constexpr Utc utc() const { return Utc{micros()}; }
  static constexpr Ticks from(Micros micros, std::uint32_t timescale) {
    return {mul_div(micros.count(), timescale, 1'000'000), timescale};
  }
  friend constexpr bool operator==(Ticks, Ticks) = default;
};

}  // namespace butai
