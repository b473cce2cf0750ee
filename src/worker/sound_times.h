// Times of AAC frames from containers that count milliseconds (FLV, RTMP): every frame stands up to
// 1 ms beside where it is; what is near is put where it belongs, so that sound has no seams.
// Thread: plain object of its job or connection.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace butai::worker {

class SoundTimes {
 public:
  // Whether the source's own ticks are the track's: then they are right as they are.
  enum class Source : std::uint8_t { Exact, Rounded };
  SoundTimes() = default;
  SoundTimes(Source source, std::uint32_t timescale, std::int64_t frame_ticks)
      : source_(source), timescale_(timescale), frame_ticks_(frame_ticks) {}

  // When the next frame is to come; nothing before the first.
  std::optional<std::int64_t> expected() const { return next_; }

  std::int64_t place(std::int64_t dts) {
    constexpr std::int64_t kJitterMicros = 3'000;
    if (next_) {
      const std::int64_t off = dts - *next_;
      const std::int64_t jitter = mul_div(kJitterMicros, timescale_, 1'000'000);
      const bool near = source_ == Source::Rounded && off >= -jitter && off <= jitter;
      // FFmpeg's own muxer writes some times twice in the last fragments of one frame each.
      const bool repeated = off <= -frame_ticks_ && off > -2 * frame_ticks_;
      if (near || repeated) dts = *next_;
    }
    next_ = dts + frame_ticks_;
    return dts;
  }

 private:
  Source source_ = Source::Rounded;
  std::uint32_t timescale_ = 1;
  std::int64_t frame_ticks_ = 0;
  std::optional<std::int64_t> next_;
};

}  // namespace butai::worker
