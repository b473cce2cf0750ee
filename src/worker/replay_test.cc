#include "worker/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "media/testing/tracks.h"
#include "worker/limits.h"

namespace butai::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Verdict = Replay::Verdict;

// A source whose groups are four pictures, each picture two pieces of its own.
class ReplayTest : public ::testing::Test {
 protected:
  static media::Frame picture(int number) {
    return media::testing::video_frame(number * 3'000, number % 4 == 0);
  }
  void send(int number) {
    replay_.keep(Bytes::copy_of(std::to_string(number)), true);
    replay_.keep(Bytes::copy_of("+"), false);
  }
  void play(int from, int to) {
    for (int i = from; i < to; ++i) {
      send(i);
      ASSERT_EQ(replay_.saw(picture(i)), Verdict::New);
    }
  }
  std::vector<std::string> kept() const {
    std::vector<std::string> texts;
    for (const Bytes& piece : replay_.pieces()) texts.emplace_back(piece.text());
    return texts;
  }

  Replay replay_;
};

TEST_F(ReplayTest, keeps_what_came_since_the_key_frame_before_the_newest) {
  play(0, 10);
  EXPECT_THAT(kept(), ElementsAre("5", "+", "6", "+", "7", "+", "8", "+", "9", "+"));
}

TEST_F(ReplayTest, drops_what_was_told_and_goes_on_behind_it) {
  play(0, 10);
  ASSERT_TRUE(replay_.begin());
  send(10);
  EXPECT_EQ(kept().back(), "+");
  for (int i = 8; i < 10; ++i) EXPECT_EQ(replay_.saw(picture(i)), Verdict::Again);
  EXPECT_EQ(replay_.saw(picture(10)), Verdict::New);
  EXPECT_FALSE(replay_.running());
}

TEST_F(ReplayTest, is_broken_when_the_next_child_begins_elsewhere) {
  play(0, 10);
  ASSERT_TRUE(replay_.begin());
  EXPECT_EQ(replay_.saw(picture(12)), Verdict::Broken);
}

TEST_F(ReplayTest, is_broken_when_the_key_frame_is_another) {
  play(0, 10);
  ASSERT_TRUE(replay_.begin());
  media::Frame other = picture(8);
  other.data = Bytes::copy_of("made by an encoder");
  EXPECT_EQ(replay_.saw(other), Verdict::Broken);
}

TEST_F(ReplayTest, is_broken_when_the_tracks_are_others) {
  replay_.saw({media::testing::video_track()});
  play(0, 10);
  ASSERT_TRUE(replay_.begin());
  EXPECT_EQ(replay_.saw({media::testing::video_track()}), Verdict::Again);
  EXPECT_EQ(replay_.saw({media::testing::video_track(), media::testing::audio_track()}),
            Verdict::Broken);
}

TEST_F(ReplayTest, is_not_tried_twice_without_a_new_picture) {
  play(0, 10);
  ASSERT_TRUE(replay_.begin());
  replay_.saw(picture(8));
  EXPECT_FALSE(replay_.begin());
}

TEST_F(ReplayTest, is_not_tried_before_a_key_frame_came) {
  send(0);
  EXPECT_FALSE(replay_.begin());
}

TEST_F(ReplayTest, forgets_a_run_whose_times_step_back) {
  play(4, 10);
  EXPECT_EQ(replay_.saw(picture(1)), Verdict::New);
  EXPECT_FALSE(replay_.begin());
}

TEST_F(ReplayTest, keeps_no_more_than_its_limit) {
  play(0, 10);
  replay_.keep(Bytes(std::vector<std::uint8_t>(kGroupBytesMax)), true);
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_FALSE(replay_.begin());
}

}  // namespace
}  // namespace butai::worker
