#include <gmock/gmock.h>

#include <array>
#include <span>

#include "media/jpeg.h"
#include "worker/loudness_meter.h"
#include "worker/test_sound.h"
#include "worker/testing/line_fixture.h"
#include "worker/testing/sound.h"

namespace butai::worker::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CaptureJob : public LineTest {
 protected:
  static double seconds_of(const media::Frame& frame, const media::Track& track) {
    return static_cast<double>(frame.pts) / track.timescale;
  }
  double now() const { return static_cast<double>(micros_of(clock.utc())) / 1e6; }
};

TEST_F(CaptureJob, draws_the_test_card_on_the_wall_clock) {
  Capture capture;
  capture.source = "test";
  capture.width = 640, capture.height = 360;
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.video.size() >= 70 && told.audio.size() >= 100; }));
  const media::Track video = *told.track(media::kVideoTrack);
  EXPECT_EQ(video.width, 640);
  EXPECT_EQ(video.frame_rate, (media::Rational{30, 1}));
  EXPECT_NEAR(seconds_of(told.video.back(), video), now(), 0.3);
  EXPECT_NEAR(seconds_of(told.audio.back(), *told.track(media::kAudioTrack)), now(), 0.3);
  EXPECT_NEAR(static_cast<double>(micros_of(told.video.back().captured)) / 1e6, now(), 0.3);
  EXPECT_EQ(decodable(told.video, video, "from_card.h264"), told.video.size());
  std::size_t keys = 0;
  for (std::size_t i = 0; i < told.video.size(); ++i) {
    if (!told.video[i].key) continue;
    ++keys;
    if (i > 0) {
      EXPECT_EQ(told.video[i].pts % 180'000, 0) << "on a full 2 s of UTC";
    }
  }
  EXPECT_GE(keys, 2U);
  for (std::size_t i = 1; i < told.audio.size(); ++i) {
    EXPECT_EQ(told.audio[i].dts - told.audio[i - 1].dts, 1024) << i;
  }
}

TEST_F(CaptureJob, has_a_second_sound_without_the_voice_where_two_are_wanted) {
  Capture capture;
  capture.source = "test";
  capture.width = 64, capture.height = 36;
  Encoding encoding;
  encoding.sounds = 2;
  open(Job::Capture, capture, encoding);
  ASSERT_TRUE(until([&] { return told.second.size() >= 500; }, Millis{30'000}));
  EXPECT_EQ(told.track_tellings, 1);
  ASSERT_EQ(told.tracks.size(), 3U);
  std::size_t different = 0;
  for (std::size_t i = 0; i < 500; ++i) {
    ASSERT_EQ(told.second[i].dts, told.audio[i].dts) << i;
    different += told.second[i].data.text() != told.audio[i].data.text() ? 1 : 0;
  }
  EXPECT_GT(different, 100U) << "ten seconds have the phrase in them";
}

// One turn of the phrase, as viewers get it: the real voice, behind the closed sandbox.
TEST_F(CaptureJob, speaks_plays_and_beeps_on_the_wall_clock) {
  constexpr double kTurn = TestSound::kVoiceEvery;
  Capture capture;
  capture.source = "test";
  capture.width = 64, capture.height = 36;
  open(Job::Capture, capture);
  const std::size_t enough = static_cast<std::size_t>((kTurn + 2) * TestSound::kRate) / 1024;
  ASSERT_TRUE(until([&] { return told.audio.size() > enough; }));
  EXPECT_THAT(told.complaints, IsEmpty());
  const auto planes = decoded(told.audio, *told.track(media::kAudioTrack), "from_card");
  const std::int64_t first = told.audio.front().pts;
  const auto left = [&](double from, double to) {  // seconds since a full turn
    constexpr auto kSamples = static_cast<std::int64_t>(kTurn * TestSound::kRate);
    const auto at = static_cast<std::int64_t>(from * TestSound::kRate);
    const auto index = static_cast<std::size_t>(((at - first) % kSamples + kSamples) % kSamples);
    return std::span<const float>(planes[0]).subspan(
        index, static_cast<std::size_t>((to - from) * TestSound::kRate));
  };
  // Sibilants and formants, where the music has nothing.
  const auto voice = [&](double from, double to) {
    double sum = 0;
    for (double hertz = 2500; hertz < 4000; hertz += 50) sum += strength(left(from, to), hertz);
    return sum;
  };
  const double spoken = voice(0.5, 2) + voice(2, 3.5), silent = voice(7.5, 9);
  EXPECT_GT(spoken, 10 * silent);
  for (int second = 0; second < static_cast<int>(kTurn); ++second) {
    EXPECT_GT(strength(left(second + 0.02, second + 0.08), 1000), 0.08) << second;
    EXPECT_LT(strength(left(second - 0.08, second - 0.02), 1000), 0.06) << second;
  }
  LoudnessMeter meter(TestSound::kRate, {1, 1});
  const std::array heard{planes[0].data(), planes[1].data()};
  meter.take(heard, static_cast<std::size_t>(kTurn * TestSound::kRate));
  EXPECT_NEAR(meter.now().integrated, media::kTargetLkfsJapan, 1);
}

TEST_F(CaptureJob, sends_the_test_card_as_jpeg) {
  Capture capture;
  capture.source = "test";
  capture.format = Capture::Format::Jpeg;
  capture.width = 320, capture.height = 180;
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.pictures.size() >= 5; }));
  const auto info = media::inspect_jpeg(told.pictures[4].jpeg, 1'000'000);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->width, 320);
  EXPECT_GT(told.pictures[4].captured, told.pictures[3].captured);
}

TEST_F(CaptureJob, passes_a_file_through_at_its_own_pace_and_loops) {
  Capture capture;
  capture.source = "file:" + plain_mp4();
  capture.loop = true;
  open(Job::Capture, capture);
  const auto source = packets_of(plain_mp4(), "v");
  ASSERT_TRUE(until([&] { return !told.video.empty(); }));
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(until([&] { return told.video.size() > source.size() + 5; }));
  EXPECT_GT(std::chrono::steady_clock::now() - begun, Millis{2'000});
  for (std::size_t i = 0; i < told.video.size(); ++i) {
    EXPECT_EQ(adler32(told.video[i].data), source[i % source.size()].sum) << i;
    if (i > 0) {
      EXPECT_GT(told.video[i].dts, told.video[i - 1].dts) << i;
    }
  }
  EXPECT_NEAR(seconds_of(told.video.back(), *told.track(media::kVideoTrack)), now(), 0.3);
}

// A fragment of two seconds has all of its picture before all of its sound.
TEST_F(CaptureJob, loops_a_fragmented_file_without_a_step_of_either_track) {
  Capture capture;
  capture.source =
      "file:" + made("long_fragments.mp4", "-i " + plain_mp4() +
                                               " -c copy -movflags +empty_moov+default_base_moof "
                                               "-frag_duration 2000000 -f mp4");
  capture.loop = true;
  open(Job::Capture, capture);
  const std::size_t turn = packets_of(plain_mp4(), "v").size();
  ASSERT_TRUE(until([&] { return told.video.size() > 2 * turn; }, Millis{30'000}));
  const auto steps_of = [this](const std::vector<media::Frame>& frames, media::TrackId track) {
    double longest = 0;
    for (std::size_t i = 1; i < frames.size(); ++i) {
      const auto step = frames[i].dts - frames[i - 1].dts;
      longest = std::max(longest, static_cast<double>(step) / told.track(track)->timescale);
    }
    return longest;
  };
  EXPECT_LT(steps_of(told.video, media::kVideoTrack), 0.1);
  EXPECT_LT(steps_of(told.audio, media::kAudioTrack), 0.1);
}

// An encoder's first packet of sound is before the file's time 0, and this sound ends after the picture.
TEST_F(CaptureJob, begins_each_turn_where_the_sound_of_the_one_before_has_ended) {
  Capture capture;
  capture.source =
      "file:" + made("long_sound.mp4",
                     "-f lavfi -i testsrc2=size=160x120:rate=30:duration=1 -f lavfi -i "
                     "sine=sample_rate=48000:duration=1.3 -c:v libx264 -preset "
                     "ultrafast -pix_fmt yuv420p -c:a aac");
  capture.loop = true;
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.video.size() > 3 * 30 + 5; }, Millis{30'000}));
  for (std::size_t i = 1; i < told.audio.size(); ++i) {
    EXPECT_GE(told.audio[i].dts - told.audio[i - 1].dts, 1023) << i;
  }
}

TEST_F(CaptureJob, ends_with_its_file) {
  Capture capture;
  capture.source = "file:" + made("short.mp4", "-i " + plain_mp4() + " -t 0.5 -c copy");
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.ended; }));
  EXPECT_GE(told.video.size(), 14U);
  EXPECT_THAT(told.losses, IsEmpty());
}

TEST_F(CaptureJob, makes_jpegs_of_a_file_at_the_size_and_rate_asked_for) {
  Capture capture;
  capture.source = "file:" + plain_mp4();
  capture.format = Capture::Format::Jpeg;
  capture.width = 320, capture.height = 180;
  capture.frames_per_second = 10;
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.ended; }));
  EXPECT_NEAR(static_cast<double>(told.pictures.size()), 30, 3);
  EXPECT_EQ(told.pictures[0].width, 320);
}

TEST_F(CaptureJob, says_what_is_wrong_with_its_source) {
  Capture capture;
  capture.source = "file:/nonexistent.mp4";
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return !told.complaints.empty(); }));
  EXPECT_THAT(told.complaints[0], HasSubstr("/nonexistent.mp4 cannot be opened"));
  EXPECT_TRUE(until([&] { return !told.losses.empty(); }));
}

TEST_F(CaptureJob, says_what_is_wrong_with_a_camera) {
  Capture capture;
  capture.source = "camera:/dev/null";
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return !told.complaints.empty(); }));
  EXPECT_THAT(told.complaints[0], HasSubstr("/dev/null"));
}

}  // namespace
}  // namespace butai::worker::testing
