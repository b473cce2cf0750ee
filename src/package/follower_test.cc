#include "package/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "media/testing/tracks.h"
#include "package/testing/line.h"

namespace butai::package {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// A picture at 25 frames a second and a ladder of one rendition, whose frames come `late` frames later.
class FollowerTest : public ::testing::Test {
 protected:
  static media::Track rung() {
    media::Track track = media::testing::video_track({25, 1});
    track.id = media::kFirstRung;
    track.name = "half";
    return track;
  }
  void rung_frame(std::int64_t index, std::optional<bool> key = {}) {
    const std::int64_t at = testing::Line::kOrigin * 90'000 + index * 3600;
    media::Frame frame = media::testing::video_frame(at, key.value_or(index % 50 == 0));
    frame.track = media::kFirstRung;
    line_.packager.on_ladder_frame(std::move(frame));
  }
  void run(std::int64_t from, std::int64_t to, std::int64_t late) {
    for (std::int64_t second = from; second < to; ++second) {
      line_.run(second, second + 1);
      for (std::int64_t i = second * 25; i < (second + 1) * 25; ++i) {
        if (i - late >= from * 25) rung_frame(i - late);
      }
    }
  }
  std::vector<std::string> lines_with(const std::string& word) {
    std::vector<std::string> out;
    for (const std::string& each : line_.sink.lines()) {
      if (each.find(word) != std::string::npos) out.push_back(each);
    }
    return out;
  }
  const live::SegmentLog& log(media::TrackId id) { return line_.sink.log(id); }

  testing::Line line_;
};

TEST_F(FollowerTest, is_cut_where_the_picture_is_although_its_frames_come_later) {
  line_.picture_and_sound();
  line_.packager.on_ladder({rung()});
  EXPECT_EQ(line_.sink.presentations.size(), 1u) << "the same one with more renditions";
  EXPECT_EQ(line_.sink.presentations.back()->renditions.back().name, "half");
  run(0, 9, 7);
  const auto& own = log(media::kFirstRung).segments();
  const auto& picture = log(media::kVideoTrack).segments();
  ASSERT_EQ(own.size(), picture.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ(own[i].number, picture[i].number);
    EXPECT_EQ(own[i].start, picture[i].start);
    EXPECT_EQ(own[i].init, picture[i].init);
    if (own[i].complete) {
      EXPECT_EQ(own[i].duration, picture[i].duration);
    }
  }
}

TEST_F(FollowerTest, sound_begins_where_its_segment_does_to_the_tick_and_leaves_no_hole) {
  line_.picture_and_sound();
  line_.join_ladder();
  line_.run(0, 1);
  for (std::int64_t second = 0, at = 0; second < 9; ++second) {
    line_.run(second + 1, second + 2);
    for (; at * 1024 < (second + 1) * 48'000; ++at) {
      const std::int64_t off = at % 3 - 1;  // the encoder's times are a tick off
      line_.ladder_frame(
          media::testing::audio_frame(testing::Line::kOrigin * 48'000 + at * 1024 + 300 + off),
          media::kFirstRung + 1);
    }
  }
  const auto& segments = log(media::kFirstRung + 1).segments();
  const auto& picture = log(media::kVideoTrack).segments();
  ASSERT_GE(segments.size(), 4u);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    ASSERT_FALSE(segments[i].chunks.empty()) << i;
    EXPECT_EQ(segments[i].chunks.front()->start, segments[i].start) << i;
    EXPECT_EQ(segments[i].number, picture[i].number);
    if (i > 0) {
      EXPECT_LE(std::abs((segments[i].start.utc() - picture[i].start.utc()).count()), 10'700);
      EXPECT_EQ(segments[i - 1].start.value + segments[i - 1].duration.value,
                segments[i].start.value);
    }
  }
}

TEST_F(FollowerTest, a_ladder_that_joins_begins_with_the_segment_that_is_open) {
  line_.picture_and_sound();
  line_.run(0, 1);
  line_.packager.on_ladder({rung()});
  for (std::int64_t i = 0; i < 25; ++i) rung_frame(i);
  const auto& own = log(media::kFirstRung).segments();
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].number, log(media::kVideoTrack).segments()[0].number);
  EXPECT_GT(own[0].bytes, 0u);
}

TEST_F(FollowerTest, a_segment_that_got_no_frame_is_a_gap_and_late_frames_are_dropped) {
  line_.picture_and_sound();
  line_.packager.on_ladder({rung()});
  run(0, 2, 0);
  line_.run(2, 9);  // the rendition is left out for three segments
  run(9, 11, 0);
  rung_frame(120);  // of the time when it was left out
  const auto& own = log(media::kFirstRung).segments();
  const auto& picture = log(media::kVideoTrack).segments();
  ASSERT_EQ(own.size(), picture.size());
  EXPECT_GT(own[0].bytes, 0u);
  EXPECT_EQ(own[1].bytes, 0u);
  EXPECT_EQ(own[2].bytes, 0u);
  EXPECT_EQ(own[3].bytes, 0u);
  EXPECT_EQ(own[2].duration, picture[2].duration);
  EXPECT_GT(own[5].bytes, 0u) << "from its next key frame on";
}

TEST_F(FollowerTest, goes_through_a_discontinuity_with_the_picture) {
  line_.picture_and_sound();
  line_.packager.on_ladder({rung()});
  run(0, 3, 2);
  line_.packager.on_discontinuity();
  run(10, 13, 2);
  const auto& own = log(media::kFirstRung).segments();
  const auto& picture = log(media::kVideoTrack).segments();
  ASSERT_EQ(own.size(), picture.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ(own[i].number, picture[i].number);
    EXPECT_EQ(own[i].discontinuity, picture[i].discontinuity) << i;
  }
}

TEST_F(FollowerTest, other_renditions_make_a_new_presentation) {
  line_.picture_and_sound();
  line_.packager.on_ladder({rung()});
  run(0, 2, 0);
  line_.packager.on_ladder({rung()});  // its worker was started again
  EXPECT_EQ(line_.sink.presentations.back()->number, 1u);
  media::Track other = rung();
  other.timescale = 45'000;
  line_.packager.on_ladder({other});
  EXPECT_EQ(line_.sink.presentations.back()->number, 2u);
  EXPECT_EQ(line_.sink.presentations.back()->renditions.size(), 3u);
}

}  // namespace
}  // namespace butai::package
