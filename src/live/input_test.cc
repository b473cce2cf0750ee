#include "live/input.h"

#include <gtest/gtest.h>

#include "base/testing/manual_time.h"
#include "live/limits.h"

namespace butai::live {
namespace {

struct Recorder final : InputListener {
  void on_input_tracks(const std::vector<media::Track>&) override { ++tracks; }
  void on_input_frame(const media::Frame& frame) override { frames.push_back(frame); }
  void on_input_discontinuity() override { ++discontinuities; }
  int tracks = 0;
  int discontinuities = 0;
  std::vector<media::Frame> frames;
};

class InputTest : public ::testing::Test {
 protected:
  InputTest() {
    media::Track video;
    media::Track audio;
    audio.id = media::kAudioTrack;
    audio.codec = media::Codec::Aac;
    audio.timescale = 48'000;
    input.set_tracks({video, audio});
  }

  void push_video(int number) {
    media::Frame frame;
    frame.dts = frame.pts = number * 3'000;
    input.push(std::move(frame));
  }
  void push_audio(int number) {
    media::Frame frame;
    frame.track = media::kAudioTrack;
    frame.dts = frame.pts = number * 1'024;
    input.push(std::move(frame));
  }

  butai::testing::ManualTime time;
  Recorder recorder;
  Input input{time, time, recorder};
};

TEST_F(InputTest, live_frames_pass_at_once) {
  for (int i = 0; i < 10; ++i) {
    push_video(i);
    EXPECT_EQ(recorder.frames.size(), static_cast<std::size_t>(i) + 1);
    time.advance(Micros{33'333});
  }
}

TEST_F(InputTest, a_file_sent_at_once_comes_out_at_its_own_speed) {
  for (int i = 0; i < 60; ++i) push_video(i);
  const std::size_t early = recorder.frames.size();
  EXPECT_NEAR(static_cast<double>(early), 8, 1);  // kEarlyMax at 30 frames a second
  time.advance(Seconds{1});
  EXPECT_NEAR(static_cast<double>(recorder.frames.size() - early), 30, 1);
  time.advance(Seconds{1});
  EXPECT_EQ(recorder.frames.size(), 60u);
  EXPECT_EQ(recorder.discontinuities, 0);
}

TEST_F(InputTest, says_full_and_then_room) {
  int rooms = 0;
  input.on_room([&] { ++rooms; });
  int i = 0;
  for (; !input.full() && i < 10'000; ++i) {
    push_video(i);
    push_audio(i * 3'000 * 8 / 15 / 1'024);
    if (i % 8 == 7) push_audio(i);
  }
  ASSERT_TRUE(input.full());
  time.advance(Seconds{20});
  EXPECT_EQ(rooms, 1);
  EXPECT_FALSE(input.full());
}

// A fragmented file brings two seconds of picture and then two of sound.
TEST_F(InputTest, picture_in_front_does_not_hold_the_sound_back) {
  for (int i = 0; i < 60; ++i) push_video(i);
  for (int i = 0; i < 94; ++i) push_audio(i);
  time.advance(Seconds{3});
  ASSERT_EQ(recorder.frames.size(), 154u);
  // In order of time, apart from what was due before the sound came.
  std::int64_t last_audio = 0;
  std::size_t videos_before_last_audio = 0;
  for (const auto& frame : recorder.frames) {
    if (frame.track == media::kAudioTrack) last_audio = frame.dts;
    if (last_audio == 0 && frame.track == media::kVideoTrack) ++videos_before_last_audio;
  }
  EXPECT_LT(videos_before_last_audio, 12u);
}

TEST_F(InputTest, frames_of_unknown_tracks_are_dropped) {
  media::Frame frame;
  frame.track = 0;
  input.push(frame);
  EXPECT_TRUE(recorder.frames.empty());
}

}  // namespace
}  // namespace butai::live
