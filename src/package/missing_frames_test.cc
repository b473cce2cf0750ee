// Publishers that lose frames, come late or change their rate: segments follow each other without a
// hole, and every part is legal (RFC 8216bis clause 4.4.4.9).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "media/box_reader.h"
#include "media/testing/tracks.h"
#include "package/grid.h"
#include "package/packager.h"
#include "package/testing/transcript.h"

namespace butai::package {
namespace {

using media::testing::video_frame;
using media::testing::video_track;
using ::testing::ElementsAre;

constexpr std::int64_t kOrigin = 1'800'000'000;  // seconds since 1970; on the grid of 2 s

class MissingFrames : public ::testing::Test {
 protected:
  void start(media::Rational rate) {
    packager_.on_tracks({video_track(rate)});
    sink_.lines();
  }
  void video(double seconds, bool is_key) {
    packager_.on_frame(video_frame(kOrigin * 90'000 + std::llround(seconds * 90'000), is_key));
  }
  // 30 fps, a key frame every 2 s; those numbers in `missing` never come.
  void run(int from, int to, const std::vector<int>& missing) {
    for (int i = from; i < to; ++i) {
      if (std::ranges::find(missing, i) == missing.end()) video(i / 30.0, i % 60 == 0);
    }
  }

  testing::Transcript sink_{kOrigin};
  Packager packager_{sink_};
};

TEST_F(MissingFrames, at_the_end_of_a_part_stretch_it_to_the_next_frame) {
  start({30, 1});
  run(0, 20, {8, 9});
  EXPECT_THAT(sink_.lines(), ElementsAre("video opens 900000000 at 0.000",
                                         "video part 0.000 +0.334 key", "video part 0.334 +0.333"));
}

TEST_F(MissingFrames, at_the_beginning_of_a_part_belong_to_it) {
  start({30, 1});
  run(0, 20, {10, 11, 12});
  EXPECT_THAT(sink_.lines(), ElementsAre("video opens 900000000 at 0.000",
                                         "video part 0.000 +0.333 key", "video part 0.333 +0.333"));
}

TEST_F(MissingFrames, longer_than_a_part_are_made_up_for_by_the_next_that_come) {
  start({30, 1});
  std::vector<int> missing(22);
  std::iota(missing.begin(), missing.end(), 5);  // 5 to 26
  run(0, 30, missing);
  EXPECT_THAT(sink_.lines(),
              ElementsAre("video opens 900000000 at 0.000", "video part 0.000 +0.334 key",
                          "video part 0.334 +0.334", "video part 0.667 +0.333"));
}

TEST_F(MissingFrames, around_a_boundary_leave_the_segment_on_the_grid) {
  start({30, 1});
  run(0, 59, {});
  video(61 / 30.0, true);
  run(62, 120, {});
  video(4, true);
  EXPECT_THAT(
      sink_.lines(),
      ElementsAre("video opens 900000000 at 0.000", "video part 0.000 +0.333 key",
                  "video part 0.333 +0.333", "video part 0.667 +0.333", "video part 1.000 +0.333",
                  "video part 1.333 +0.333", "video part 1.667 +0.333", "video closes +2.000",
                  "video opens 900000001 at 2.000", "video part 2.000 +0.333 key",
                  "video part 2.333 +0.333", "video part 2.667 +0.333", "video part 3.000 +0.333",
                  "video part 3.333 +0.333", "video part 3.667 +0.333", "video closes +2.000",
                  "video opens 900000002 at 4.000"));
}

TEST_F(MissingFrames, a_segment_that_goes_on_past_its_boundary_has_no_short_part_inside) {
  start({25, 1});
  for (int i = 0; i <= 55; ++i) video(i / 25.0, i == 0 || i == 55);  // the key frame is 0.2 s late
  for (const live::Segment& segment : sink_.log(1).segments()) {
    for (std::size_t i = 0; i + 1 < segment.parts.size(); ++i) {
      EXPECT_GE(segment.parts[i].duration.seconds(), 0.85 / 3) << i;
    }
  }
  EXPECT_EQ(sink_.log(1).segments().front().parts.size(), 7u);
}

TEST_F(MissingFrames, leave_no_hole_in_decode_times_and_the_next_picture_at_its_own_time) {
  start({30, 1});
  run(0, 7, {2, 3});
  const auto late = media::parse_chunk(sink_.chunks[2]->bytes);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->base_decode_time, kOrigin * 90'000 + 2 * 3'000);
  EXPECT_EQ(late->duration(), 3 * 3'000);
  EXPECT_EQ(late->samples.front().composition_offset, 2 * 3'000);
  EXPECT_EQ(sink_.chunks[3]->start.value, kOrigin * 90'000 + 5 * 3'000);
}

TEST_F(MissingFrames, a_source_that_becomes_faster_is_not_held_back) {
  start({0, 1});
  for (int i = 0; i < 12; ++i) video(i * 0.5, i % 4 == 0);
  for (int i = 0; i < 30; ++i) video(5.6 + i / 30.0, false);
  const std::int64_t newest = sink_.chunks.back()->start.value - kOrigin * 90'000;
  EXPECT_NEAR(static_cast<double>(newest) / 90'000, 5.6 + 29 / 30.0, 0.05);
}

struct Source {
  const char* name;
  media::Rational announced;
  double frames_per_second;
  double jitter;  // of a frame's length, either way
  double lost;    // of all frames
};

// A minute of it; the times of its frames.
std::vector<std::int64_t> send(const Source& source, Packager& packager) {
  std::mt19937 random(7);  // the same in every run
  std::uniform_real_distribution<double> any(-1, 1);
  double last_key = -10;
  std::vector<std::int64_t> sent;
  for (int i = 0; i < 60 * source.frames_per_second; ++i) {
    if ((any(random) + 1) / 2 < source.lost) continue;
    const double at = (i + any(random) * source.jitter) / source.frames_per_second;
    const bool is_key = std::floor(at / 2) > std::floor(last_key / 2);
    if (is_key) last_key = at;
    sent.push_back(kOrigin * 90'000 + std::llround(at * 90'000));
    packager.on_frame(video_frame(sent.back(), is_key));
  }
  return sent;
}

class AnySource : public ::testing::TestWithParam<Source> {};

TEST_P(AnySource, has_legal_parts_and_segments_without_holes) {
  const Source& source = GetParam();
  const media::Track track = video_track(source.announced);
  const double target = part_target(track, kSegment).seconds();
  testing::Transcript sink{kOrigin};
  Packager packager{sink};
  packager.on_tracks({track});
  send(source, packager);
  const auto& segments = sink.log(1).segments();
  ASSERT_GE(segments.size(), 15u);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const live::Segment& segment = segments[s];
    EXPECT_FALSE(segment.discontinuity && s > 0);
    if (segment.complete && s + 1 < segments.size()) {
      EXPECT_EQ(segment.start.value + segment.duration.value, segments[s + 1].start.value);
      EXPECT_LT(segment.duration.seconds(), 4.5);
    }
    for (std::size_t p = 0; p < segment.parts.size(); ++p) {
      const double length = segment.parts[p].duration.seconds();
      EXPECT_LE(length, target + 1e-6);
      const bool last = p + 1 == segment.parts.size();
      EXPECT_GE(length, last ? 0 : 0.85 * target - 1e-6);
    }
  }
}

TEST_P(AnySource, is_decoded_without_a_hole_and_seen_when_it_was_sent) {
  const Source& source = GetParam();
  testing::Transcript sink{kOrigin};
  Packager packager{sink};
  packager.on_tracks({video_track(source.announced)});
  const auto sent = send(source, packager);
  ASSERT_EQ(sink.chunks.size(), sent.size());
  const auto frame = static_cast<std::int64_t>(90'000 / source.frames_per_second);
  std::int64_t end = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto chunk = media::parse_chunk(sink.chunks[i]->bytes);
    ASSERT_TRUE(chunk);
    const bool key = sink.chunks[i]->independent;
    const bool follows = chunk->base_decode_time == end || (key && chunk->base_decode_time > end);
    EXPECT_TRUE(follows) << i;
    end = chunk->base_decode_time + chunk->duration();
    const std::int64_t seen = chunk->base_decode_time + chunk->samples.front().composition_offset;
    EXPECT_GE(seen, sent[i]);
    EXPECT_LE(seen, sent[i] + 3 * frame) << i;  // predicted to be later: two in three are lost
  }
}

INSTANTIATE_TEST_SUITE_P(Sources, AnySource,
                         ::testing::Values(Source{"steady", {30, 1}, 30, 0, 0},
                                           Source{"lossy", {30, 1}, 30, 0, 0.3},
                                           Source{"very_lossy", {30, 1}, 30, 0, 0.7},
                                           Source{"jitter", {30, 1}, 30, 0.45, 0.05},
                                           Source{"lossy_25", {25, 1}, 25, 0.1, 0.2},
                                           Source{"lossy_60", {60, 1}, 60, 0.3, 0.2},
                                           Source{"ntsc", {30'000, 1001}, 29.97, 0.05, 0.1},
                                           Source{"camera_in_the_dark", {30, 1}, 8, 0.2, 0.05},
                                           Source{"slow", {30, 1}, 3, 0.2, 0},
                                           Source{"unknown_5", {0, 1}, 5, 0.1, 0.1},
                                           Source{"unknown_12", {0, 1}, 12, 0.3, 0.1}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace butai::package
