// Ten hours of picture and sound through the packager: nothing drifts, and every segment and part is
// legal all the way (RFC 8216bis clauses 4.4.4.9 and 6.2).
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>

#include "media/testing/tracks.h"
#include "package/grid.h"
#include "package/packager.h"

namespace butai::package {
namespace {

using media::testing::audio_frame;
using media::testing::audio_track;
using media::testing::video_frame;
using media::testing::video_track;

struct Case {
  const char* name;
  media::Rational rate;
  int gop;              // frames between key frames
  double segment;       // seconds
  std::int64_t origin;  // seconds; a boundary of the grid
};

// Checks each event as it comes, and forgets it.
class Judge final : public live::ChunkSink {
 public:
  explicit Judge(const std::vector<media::Track>& tracks) {
    for (const media::Track& track : tracks) {
      lanes_[track.id].target = part_target(track, kSegment).seconds();
    }
  }

  void publish(live::PackageEvent event) override {
    std::visit([this](const auto& value) { take(value); }, event);
  }
  std::uint64_t segments() const { return segments_; }
  std::uint64_t first() const { return first_; }
  double worst_difference() const { return worst_difference_; }
  std::uint64_t faults = 0;

 private:
  struct Lane {
    double target = 0;
    std::uint64_t number = 0;
    std::map<std::uint64_t, double> starts;
    std::optional<double> short_part;  // legal only as a segment's last
    double parts = 0;
  };

  void fault(bool wrong, const char* what, double value) {
    if (!wrong) return;
    ++faults;
    if (faults < 10) ADD_FAILURE() << what << ' ' << value;
  }
  void take(const live::PresentationPtr&) {}
  void take(const live::ChunkPtr&) {}
  void take(const live::SegmentOpened& opened) {
    Lane& lane = lanes_[opened.track];
    fault(lane.number != 0 && opened.number != lane.number + 1, "number", double(opened.number));
    fault(opened.discontinuity, "discontinuity", opened.start.seconds());
    lane.number = opened.number;
    lane.starts[opened.number] = opened.start.seconds();
    lane.parts = 0;
    lane.short_part.reset();
    if (opened.track == media::kVideoTrack && segments_++ == 0) first_ = opened.number;
    Lane& other = lanes_[media::kVideoTrack + media::kAudioTrack - opened.track];
    if (const auto same = other.starts.find(opened.number); same != other.starts.end()) {
      worst_difference_ =
          std::max(worst_difference_, std::abs(same->second - opened.start.seconds()));
      other.starts.erase(other.starts.begin(), std::next(same));
    }
  }
  void take(const live::PartClosed& part) {
    Lane& lane = lanes_[part.track];
    const double length = part.duration.seconds();
    fault(length > lane.target + 1e-6, "part too long", length);
    fault(lane.short_part.has_value(), "short part before another", lane.short_part.value_or(0));
    if (length < 0.85 * lane.target) lane.short_part = length;
    lane.parts += length;
  }
  void take(const live::SegmentClosed& closed) {
    Lane& lane = lanes_[closed.track];
    fault(closed.duration.seconds() > 2.1 || closed.duration.seconds() < 1.9, "segment",
          closed.duration.seconds());
    fault(std::abs(lane.parts - closed.duration.seconds()) > 0.001, "sum of parts", lane.parts);
  }

  std::map<media::TrackId, Lane> lanes_;
  std::uint64_t segments_ = 0, first_ = 0;
  double worst_difference_ = 0;
};

class TenHours : public ::testing::TestWithParam<Case> {};

TEST_P(TenHours, numbers_agree_and_parts_are_legal) {
  const Case& c = GetParam();
  constexpr std::int64_t kSeconds = 36'000;
  const std::vector<media::Track> tracks = {video_track(c.rate), audio_track()};
  Judge judge(tracks);
  Packager packager(judge);
  packager.on_tracks(tracks);
  std::int64_t sound = 0;
  const std::int64_t frames = kSeconds * c.rate.num / c.rate.den;
  for (std::int64_t i = 0; i < frames; ++i) {
    const std::int64_t at = mul_div(i * 90'000, c.rate.den, c.rate.num);
    for (; sound * 1024 * 90'000 <= at * 48'000; ++sound) {
      packager.on_frame(audio_frame(c.origin * 48'000 + sound * 1024));
    }
    packager.on_frame(video_frame(c.origin * 90'000 + at, i % c.gop == 0));
  }
  EXPECT_EQ(judge.faults, 0u);
  EXPECT_NEAR(static_cast<double>(judge.segments()), kSeconds / c.segment, 1);
  // The number is how many segments of this length fit into UTC; the following ones count by one.
  EXPECT_EQ(static_cast<std::int64_t>(judge.first()),
            std::llround(static_cast<double>(c.origin) / c.segment));
  EXPECT_LE(judge.worst_difference(), 512.0 / 48'000 + 1e-4);  // half a frame of sound
  EXPECT_EQ(packager.forced_cuts(), 0u);
  EXPECT_EQ(packager.frames_dropped(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Rates, TenHours,
    ::testing::Values(Case{"fps30", {30, 1}, 60, 2, 1'800'000'000},
                      Case{"fps25", {25, 1}, 50, 2, 1'800'000'000},
                      Case{"fps29_97", {30'000, 1001}, 60, 2.002, 1'801'800'000},
                      Case{"fps59_94", {60'000, 1001}, 120, 2.002, 1'801'800'000},
                      Case{"fps50", {50, 1}, 100, 2, 1'800'000'000},
                      Case{"fps23_976", {24'000, 1001}, 48, 2.002, 1'801'800'000}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace butai::package
