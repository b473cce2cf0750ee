#include "package/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "package/grid.h"
#include "package/limits.h"

namespace butai::package {
namespace {

constexpr std::uint32_t kVideoGuess = 3'000'000;  // bits per second
constexpr std::uint32_t kAudioGuess = 128'000;    // bits per second
// A stub before a discontinuity is a key frame and little else: no measure of the rate.
constexpr double kMeasuredMinSeconds = 0.5;

std::uint32_t bounded(double rate) {
  constexpr double kMax = 4e9;
  return static_cast<std::uint32_t>(std::clamp(rate, 1.0, kMax));
}

}  // namespace

Listed listed_from(const live::SegmentLog& log) {
  const auto& segments = log.segments();
  std::size_t first = segments.size(), complete = 0;
  double seconds = 0;
  while (first > 0) {
    const live::Segment& segment = segments[first - 1];
    const bool follows = first == segments.size() || segment.number + 1 == segments[first].number;
    const bool enough =
        complete >= kSegmentsListed && seconds >= static_cast<double>(kPlaylistMinSeconds);
    if (!follows || enough) break;
    --first;
    if (!segment.complete) continue;
    ++complete;
    seconds += segment.duration.seconds();
  }
  Listed listed{first, log.discontinuities_dropped()};
  for (std::size_t i = 0; i < first; ++i) listed.discontinuities += segments[i].discontinuity;
  return listed;
}

std::optional<Ticks> expected_end(const RenditionLog& own, const media::Track& leading,
                                  Micros segment) {
  const auto& segments = own.log->segments();
  if (segments.empty() || segments.back().complete) return std::nullopt;
  const live::Segment& last = segments.back();
  const std::int64_t tolerance = half_frame(own.rendition->track).value;
  const Grid grid = Grid::of(leading, segment);
  if (grid.on_boundary(last.start, tolerance)) {
    // The picture keeps its distance to the grid; sound is cut where the picture is.
    if (own.rendition->track.id == leading.id) {
      return Ticks{last.start.value + grid.length(last.start.timescale).value,
                   last.start.timescale};
    }
    const std::int64_t next = grid.index(last.start, tolerance) + 1;
    return Ticks{grid.boundary(next, last.start.timescale), last.start.timescale};
  }
  // The first segment of a run begins anywhere, so its length says nothing: two must stand before.
  if (segments.size() < 3 || segments[segments.size() - 3].run != last.run) return std::nullopt;
  return Ticks{last.start.value + segments[segments.size() - 2].duration.value,
               last.start.timescale};
}

Ticks half_frame(const media::Track& track) {
  constexpr std::uint32_t kFallback = 60;  // half frames per second
  const std::int64_t frame = nominal_frame(track).value;
  return {frame > 0 ? frame / 2 : track.timescale / kFallback, track.timescale};
}

Bandwidth measure(const RenditionLog& rendition) {
  double bits = 0, seconds = 0, peak = 0;
  for (const live::Segment& segment : rendition.log->segments()) {
    const double length = segment.duration.seconds();
    if (!segment.complete || segment.bytes == 0 || length < kMeasuredMinSeconds) continue;
    bits += static_cast<double>(segment.bytes) * 8;
    seconds += length;
    peak = std::max(peak, static_cast<double>(segment.bytes) * 8 / length);
  }
  if (seconds > 0) return {bounded(peak), bounded(bits / seconds)};
  const media::Track& track = rendition.rendition->track;
  const std::uint32_t guess = track.codec == media::Codec::H264 ? kVideoGuess : kAudioGuess;
  const std::uint32_t announced = track.bitrate > 0 ? track.bitrate : guess;
  return {announced, announced};
}

std::string iso_time(Utc when) {
  using std::chrono::floor, std::chrono::days, std::chrono::round;
  const auto millis = round<Millis>(when);
  const auto day = floor<days>(millis);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{millis - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace butai::package
