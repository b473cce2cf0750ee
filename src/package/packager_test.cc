#include "package/packager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "media/box_reader.h"
#include "media/h264.h"
#include "media/testing/tracks.h"
#include "package/testing/line.h"
#include "package/testing/transcript.h"

namespace butai::package {
namespace {

using media::testing::audio_frame;
using media::testing::audio_track;
using media::testing::video_frame;
using media::testing::video_track;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kOrigin = 1'800'000'000;  // seconds since 1970; on the grid of 2 s
constexpr std::int64_t kFirst = kOrigin / 2;     // number of the segment that begins there

// Sends frames in the order of their times, as a publisher with interleaved tracks does.
class PackagerTest : public ::testing::Test {
 protected:
  void video(double seconds, bool is_key) {
    packager_.on_frame(video_frame(ticks(seconds, 90'000), is_key));
  }
  void audio(double seconds) { packager_.on_frame(audio_frame(ticks(seconds, 48'000))); }

  // Frames from `from` to before `to` at `fps`, a key frame every `gop` of them.
  void video_run(double from, double to, double fps, int gop) {
    for (int i = 0; from + i / fps < to - 1e-9; ++i) video(from + i / fps, i % gop == 0);
  }
  // 30 fps with a key frame every 2 s, and sound, both from `from` to before `to`.
  void both(double from, double to) {
    std::int64_t sound = 0;
    for (int i = 0; from + i / 30.0 < to - 1e-9; ++i) {
      for (; sound * 1024 / 48'000.0 <= i / 30.0; ++sound) {
        audio(from + static_cast<double>(sound) * 1024 / 48'000);
      }
      video(from + i / 30.0, i % 60 == 0);
    }
  }

  static std::int64_t ticks(double seconds, std::int64_t timescale) {
    return kOrigin * timescale + std::llround(seconds * static_cast<double>(timescale));
  }
  std::vector<std::string> lines_with(const std::string& word) {
    std::vector<std::string> out;
    for (const std::string& line : sink_.lines()) {
      if (line.find(word) != std::string::npos) out.push_back(line);
    }
    return out;
  }

  testing::Transcript sink_{kOrigin};
  Packager packager_{sink_};
};

TEST_F(PackagerTest, publishes_the_presentation_with_its_tracks_before_any_frame) {
  packager_.on_tracks({audio_track(), video_track()});
  EXPECT_THAT(sink_.lines(),
              ElementsAre("presentation 1 video/mp4; codecs=\"avc1.64000d,mp4a.40.2\""));
  ASSERT_EQ(sink_.presentations.back()->renditions.size(), 2u);
  EXPECT_EQ(sink_.presentations.back()->renditions[0].name, "video");
  EXPECT_EQ(sink_.presentations.back()->renditions[1].name, "audio");
}

TEST_F(PackagerTest, waits_while_a_configuration_cannot_be_read) {
  media::Track track = video_track();
  track.config = {};
  packager_.on_tracks({track});
  video(0, true);
  EXPECT_THAT(sink_.lines(), IsEmpty());
  packager_.on_tracks({video_track()});
  EXPECT_THAT(sink_.lines(), ElementsAre("presentation 1 video/mp4; codecs=\"avc1.64000d\""));
}

TEST_F(PackagerTest, cuts_on_the_grid_and_closes_parts_without_waiting_for_the_next_frame) {
  packager_.on_tracks({video_track()});
  sink_.lines();
  video_run(0, 2, 30, 60);
  EXPECT_THAT(sink_.lines(), ElementsAre("video opens 900000000 at 0.000",
                                         "video part 0.000 +0.333 key", "video part 0.333 +0.333",
                                         "video part 0.667 +0.333", "video part 1.000 +0.333",
                                         "video part 1.333 +0.333", "video part 1.667 +0.333"));
  video(2, true);
  EXPECT_THAT(sink_.lines(), ElementsAre("video closes +2.000", "video opens 900000001 at 2.000"));
  EXPECT_EQ(sink_.chunks.size(), 61u);
}

TEST_F(PackagerTest, a_video_frame_is_a_chunk_at_once_with_a_predicted_duration) {
  packager_.on_tracks({video_track({25, 1})});
  video(0, true);
  ASSERT_EQ(sink_.chunks.size(), 1u);
  EXPECT_EQ(sink_.chunks[0]->duration, (Ticks{3600, 90'000}));
  EXPECT_TRUE(sink_.chunks[0]->independent);
  const auto parsed = media::parse_chunk(sink_.chunks[0]->bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->base_decode_time, kOrigin * 90'000);
  EXPECT_EQ(parsed->duration(), 3600);
}

TEST_F(PackagerTest, drops_frames_before_the_first_key_frame) {
  packager_.on_tracks({video_track()});
  sink_.lines();
  video(0.1, false);
  video(0.2, false);
  video(0.3, true);
  EXPECT_THAT(sink_.lines(), ElementsAre("video opens 900000000 at 0.300"));
  EXPECT_EQ(packager_.frames_dropped(), 2u);
}

TEST_F(PackagerTest, key_frames_off_the_grid_cut_at_the_first_after_each_boundary) {
  packager_.on_tracks({video_track()});
  sink_.lines();
  video_run(0.5, 8, 30, 30);  // a key frame each second, half a second off
  EXPECT_THAT(lines_with("opens"),
              ElementsAre("video opens 900000000 at 0.500", "video opens 900000001 at 2.500",
                          "video opens 900000002 at 4.500", "video opens 900000003 at 6.500"));
}

TEST_F(PackagerTest, numbers_count_by_one_when_key_frames_are_three_seconds_apart) {
  packager_.on_tracks({video_track()});
  sink_.lines();
  video_run(0, 10, 30, 90);
  EXPECT_THAT(lines_with("video"), Contains("video closes +3.000").Times(3));
  EXPECT_EQ(sink_.log(1).segments().back().number, static_cast<std::uint64_t>(kFirst) + 3);
  EXPECT_EQ(packager_.forced_cuts(), 0u);
}

TEST_F(PackagerTest, cuts_without_a_key_frame_before_the_target_duration_is_exceeded) {
  packager_.on_tracks({video_track()});
  sink_.lines();
  video_run(0, 12, 30, 10'000);
  EXPECT_THAT(lines_with("closes"), ElementsAre("video closes +4.200", "video closes +4.200"));
  EXPECT_EQ(packager_.forced_cuts(), 2u);
  EXPECT_FALSE(sink_.log(1).segments().back().chunks.front()->independent);
}

TEST_F(PackagerTest, jitter_of_half_a_frame_does_not_move_the_cut) {
  packager_.on_tracks({video_track()});
  sink_.lines();
  video_run(0, 2, 30, 60);
  video(1.990, true);  // 10 ms early
  EXPECT_THAT(lines_with("opens"),
              ElementsAre("video opens 900000000 at 0.000", "video opens 900000001 at 2.000"));
}

TEST_F(PackagerTest, segments_begin_at_presentation_time_when_frames_are_reordered) {
  packager_.on_tracks({video_track()});
  sink_.lines();
  for (int i = 0; i < 61; ++i) {
    media::Frame frame = video_frame(ticks(i / 30.0, 90'000) - 6000, i % 60 == 0);
    frame.pts = frame.dts + 6000;
    packager_.on_frame(frame);
  }
  EXPECT_THAT(lines_with("opens"),
              ElementsAre("video opens 900000000 at 0.000", "video opens 900000001 at 2.000"));
  EXPECT_EQ(sink_.chunks[0]->start.value, kOrigin * 90'000 - 6000);
}

TEST_F(PackagerTest, sound_is_cut_at_the_frame_nearest_to_the_picture) {
  packager_.on_tracks({video_track(), audio_track()});
  sink_.lines();
  both(0, 4.2);
  EXPECT_THAT(lines_with("opens"),
              ElementsAre("video opens 900000000 at 0.000", "audio opens 900000000 at 0.000",
                          "video opens 900000001 at 2.000", "audio opens 900000001 at 2.005",
                          "video opens 900000002 at 4.000", "audio opens 900000002 at 3.989"));
  // Two frames of AAC are one chunk.
  const auto& sound = sink_.log(2).segments().front().chunks.front();
  EXPECT_EQ(sound->duration, (Ticks{2048, 48'000}));
}

TEST_F(PackagerTest, sound_a_tick_off_still_begins_where_its_segment_does) {
  packager_.on_tracks({video_track(), audio_track()});
  for (int i = 0, sound = 0; i < 181; ++i) {
    for (; sound * 1024 / 48'000.0 <= i / 30.0; ++sound) {
      const std::int64_t off = sound % 3 - 1;
      packager_.on_frame(audio_frame(kOrigin * 48'000 + sound * 1024 + off));
    }
    video(i / 30.0, i % 60 == 0);
  }
  ASSERT_GE(sink_.log(2).segments().size(), 3u);
  for (const auto& segment : sink_.log(2).segments()) {
    if (segment.chunks.empty()) continue;
    EXPECT_EQ(segment.chunks.front()->start, segment.start);
  }
}

TEST_F(PackagerTest, B13_sound_alone_cuts_on_the_grid) {
  packager_.on_tracks({audio_track()});
  EXPECT_THAT(sink_.lines(), ElementsAre("presentation 1 audio/mp4; codecs=\"mp4a.40.2\""));
  for (int i = 0; i < 200; ++i) audio(0.5 + i * 1024 / 48'000.0);
  EXPECT_THAT(lines_with("opens"),
              ElementsAre("audio opens 900000000 at 0.500", "audio opens 900000001 at 1.993",
                          "audio opens 900000002 at 3.999"));
}

TEST_F(PackagerTest, sound_before_the_picture_is_dropped_and_not_kept_without_bound) {
  packager_.on_tracks({video_track(), audio_track()});
  sink_.lines();
  for (int i = 0; i < 150; ++i) audio(i * 1024 / 48'000.0);  // 3.2 s
  EXPECT_THAT(sink_.lines(), IsEmpty());
  EXPECT_GE(packager_.frames_dropped(), 100u);
  video(3.2, true);
  video(3.4, false);
  EXPECT_THAT(lines_with("audio opens"), ElementsAre("audio opens 900000001 at 2.944"));
}

TEST_F(PackagerTest, B13_sound_goes_on_alone_when_the_picture_never_comes) {
  packager_.on_tracks({video_track(), audio_track()});
  sink_.lines();
  for (int i = 0; i < 400; ++i) audio(i * 1024 / 48'000.0);  // 8.5 s
  EXPECT_THAT(lines_with("audio opens"), Not(IsEmpty()));
  // The picture's log keeps step with empty segments, so that numbers agree later.
  EXPECT_EQ(sink_.log(1).segments().back().number, sink_.log(2).segments().back().number);
  EXPECT_TRUE(sink_.log(1).segments().back().chunks.empty());
  video(8.6, true);
  EXPECT_THAT(lines_with("video opens"), ElementsAre(HasSubstr(" at 8.600 after a break")));
}

TEST_F(PackagerTest, B13_sound_goes_on_when_the_picture_stays_away) {
  packager_.on_tracks({video_track(), audio_track()});
  both(0, 3);
  sink_.lines();
  for (int i = 0; i < 500; ++i) audio(3.0 + i * 1024 / 48'000.0);  // 10.6 s without a picture
  const auto& sound = sink_.log(2).segments();
  const auto& picture = sink_.log(1).segments();
  EXPECT_GT(sound.back().start.seconds(), kOrigin + 11);
  EXPECT_EQ(sound.back().number, picture.back().number);
  for (const auto& segment : sound) {
    EXPECT_LT(segment.duration.seconds(), 4.5) << segment.number;
  }
  both(14, 16);
  EXPECT_EQ(sink_.log(1).segments().back().number, sink_.log(2).segments().back().number);
  EXPECT_TRUE(sink_.log(1).segments().back().discontinuity);
  EXPECT_TRUE(sink_.log(2).segments().back().discontinuity);
}

TEST_F(PackagerTest, B13_sound_that_stays_away_gets_empty_segments) {
  packager_.on_tracks({video_track(), audio_track()});
  both(0, 3);
  sink_.lines();
  video_run(3, 4, 30, 60);
  video_run(4, 14.1, 30, 60);
  EXPECT_THAT(lines_with("audio opens"),
              ElementsAre("audio opens 900000002 at 4.000", "audio opens 900000003 at 6.000",
                          "audio opens 900000004 at 8.000", "audio opens 900000005 at 10.000"));
  EXPECT_TRUE(sink_.log(2).segments().back().chunks.empty());
  EXPECT_EQ(sink_.log(2).segments()[3].duration, (Ticks{96'000, 48'000}));
  audio(14.01);
  audio(14.04);
  video(14.2, false);
  EXPECT_EQ(sink_.log(2).segments().back().number, sink_.log(1).segments().back().number);
}

TEST_F(PackagerTest, a_discontinuity_closes_what_is_open_and_flags_the_next_segment) {
  packager_.on_tracks({video_track(), audio_track()});
  both(0, 1);
  sink_.lines();
  packager_.on_discontinuity();
  EXPECT_THAT(sink_.lines(), ElementsAre("audio part 0.960 +0.021 key", "audio closes +0.981",
                                         "video closes +1.000"));
  video(7.3, true);
  EXPECT_THAT(sink_.lines(), ElementsAre("video opens 900000001 at 7.300 after a break"));
  audio(7.301);
  video(7.4, false);
  EXPECT_THAT(sink_.lines(), ElementsAre("audio opens 900000001 at 7.301 after a break"));
}

TEST_F(PackagerTest, a_discontinuity_before_the_first_segment_is_none) {
  packager_.on_tracks({video_track()});
  packager_.on_discontinuity();
  sink_.lines();
  video(0, true);
  EXPECT_THAT(sink_.lines(), ElementsAre("video opens 900000000 at 0.000"));
}

TEST_F(PackagerTest, B14_a_step_of_the_leading_track_is_a_discontinuity_even_unannounced) {
  packager_.on_tracks({video_track()});
  video_run(0, 1, 30, 60);
  sink_.lines();
  video(5, true);
  EXPECT_THAT(sink_.lines(),
              ElementsAre("video closes +1.000", "video opens 900000001 at 5.000 after a break"));
}

TEST_F(PackagerTest, B13_a_new_configuration_makes_the_next_presentation) {
  packager_.on_tracks({video_track()});
  video_run(0, 1, 30, 60);
  sink_.lines();
  media::Track other = video_track();
  other.config = media::testing::from_hex(media::testing::kAvcMain25);
  packager_.on_tracks({other});
  video(1.1, true);
  EXPECT_THAT(sink_.lines(),
              ElementsAre("video closes +1.000", "presentation 2 video/mp4; codecs=\"avc1.4d4028\"",
                          "video opens 900000001 at 1.100 after a break init 2"));
  EXPECT_EQ(sink_.presentations.back()->renditions[0].track.width, 1920);
}

TEST_F(PackagerTest, the_same_tracks_again_change_nothing) {
  packager_.on_tracks({video_track(), audio_track()});
  both(0, 1);
  sink_.lines();
  packager_.on_tracks({audio_track(), video_track()});
  EXPECT_THAT(sink_.lines(), IsEmpty());
}

TEST_F(PackagerTest, B14_frames_out_of_order_are_dropped) {
  packager_.on_tracks({video_track()});
  video(0, true);
  video(0.1, false);
  video(0.05, false);
  EXPECT_EQ(sink_.chunks.size(), 2u);
  EXPECT_EQ(packager_.frames_dropped(), 1u);
}

TEST_F(PackagerTest, capture_time_in_an_sei_goes_out_with_the_chunk) {
  packager_.on_tracks({video_track()});
  media::Frame frame = video_frame(ticks(0, 90'000), true);
  frame.data = *media::with_capture_sei(frame.data, utc_of(1'800'000'000'123'456));
  packager_.on_frame(frame);
  ASSERT_EQ(sink_.chunks.size(), 1u);
  EXPECT_EQ(sink_.chunks[0]->captured, utc_of(1'800'000'000'123'456));
  EXPECT_EQ(media::parse_chunk(sink_.chunks[0]->bytes)->captured, utc_of(1'800'000'000'123'456));
}

TEST_F(PackagerTest, two_packagers_that_start_apart_write_the_same_bytes) {
  testing::Transcript late{kOrigin};
  Packager other{late};
  for (Packager* each : {&packager_, &other}) each->on_tracks({video_track()});
  for (int i = 0; i < 200; ++i) {
    const media::Frame frame = video_frame(ticks(i / 30.0, 90'000), i % 60 == 0);
    packager_.on_frame(frame);
    if (i >= 60) other.on_frame(frame);
  }
  const auto& a = sink_.log(1).segments();
  const auto& b = late.log(1).segments();
  ASSERT_EQ(a[1].number, b[0].number);
  ASSERT_EQ(a[1].start, b[0].start);
  for (std::size_t i = 0; i < b[0].chunks.size(); ++i) {
    EXPECT_EQ(a[1].chunks[i]->bytes.text(), b[0].chunks[i]->bytes.text());
  }
}

using testing::Line;

std::vector<Ticks> starts_of(Line& line, media::TrackId track) {
  std::vector<Ticks> starts;
  for (const live::Segment& segment : line.sink.log(track).segments()) {
    starts.push_back(segment.start);
  }
  return starts;
}

TEST(TwoSounds, are_cut_at_the_same_frames_and_the_second_has_every_chunk) {
  Line line(PackagerOptions{.sounds = {"ja", "en"}});
  line.picture_and_two_sounds();
  line.run(0, 9);
  const auto& presentation = *line.sink.presentations.back();
  ASSERT_EQ(presentation.renditions.size(), 3u);
  EXPECT_EQ(presentation.renditions[1].track.language, "ja");
  EXPECT_EQ(presentation.renditions[2].name, "audio-2");
  EXPECT_EQ(presentation.renditions[2].track.language, "en");
  const auto first = starts_of(line, media::kAudioTrack);
  EXPECT_GE(first.size(), 4u);
  EXPECT_EQ(starts_of(line, media::kSecondSound), first);
  const auto of = [&line](media::TrackId track) {
    return std::ranges::count(line.sink.chunks, track,
                              [](const live::ChunkPtr& chunk) { return chunk->track; });
  };
  EXPECT_EQ(of(media::kSecondSound), of(media::kAudioTrack));
  EXPECT_GT(of(media::kSecondSound), 9 * 46 / 2 - 2);
  const auto both = media::parse_init(presentation.init_all);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->size(), 2u) << "who did not ask hears the first";
}

TEST(TwoSounds, of_which_the_second_stays_away_leave_gaps_and_hold_up_nothing) {
  Line line(PackagerOptions{.sounds = {"ja", "en"}});
  line.picture_and_two_sounds();
  line.two_sounds = false;
  line.run(0, 9);
  const auto& away = line.sink.log(media::kSecondSound).segments();
  ASSERT_GE(away.size(), 2u);
  EXPECT_TRUE(away.front().complete);
  EXPECT_EQ(away.front().bytes, 0u);
  line.two_sounds = true;
  line.run(9, 15);
  EXPECT_GT(away.back().bytes, 0u) << "it came back";
  EXPECT_EQ(line.sink.presentations.size(), 1u);
}

TEST(TwoSounds, go_on_alone_when_the_picture_stays_away) {
  Line line(PackagerOptions{.sounds = {"ja", "en"}});
  line.picture_and_two_sounds();
  line.run(0, 3);
  for (std::int64_t i = 0; i < 12 * 47; ++i) {
    const std::int64_t dts = (Line::kOrigin + 3) * 48'000 + i * 1024;
    line.packager.on_frame(media::testing::audio_frame(dts));
    line.second_sound(dts);
  }
  const auto& first = line.sink.log(media::kAudioTrack).segments();
  const auto& second = line.sink.log(media::kSecondSound).segments();
  ASSERT_GT(first.size(), 4u);
  ASSERT_EQ(second.size(), first.size());
  std::int64_t end = 0;
  for (std::size_t i = 0; i < second.size(); ++i) {
    EXPECT_EQ(second[i].number, first[i].number);
    EXPECT_GE(second[i].start.value, end);
    if (!second[i].complete) continue;
    EXPECT_GT(second[i].bytes, 0u);
    end = second[i].start.value + second[i].duration.value;
  }
}

}  // namespace
}  // namespace butai::package
