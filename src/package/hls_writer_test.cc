#include "package/hls_writer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "package/testing/line.h"

namespace butai::package {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::Line;
using ::testing::Not;

const HlsOptions kPlain{.profile = HlsOptions::Profile::Plain};
const HlsOptions kLowLatency{.profile = HlsOptions::Profile::LowLatency};

std::string media_playlist(Line& line, std::size_t which, const HlsOptions& options) {
  std::vector<RenditionLog> others = line.sink.renditions();
  const RenditionLog own = others[which];
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(which));
  return hls_media(own, others, options);
}

std::vector<std::string> lines_with(const std::string& text, const std::string& start) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(start)) out.push_back(line);
  }
  return out;
}

PartAddress hinted_at(Line& line) {
  const RenditionLog own = line.sink.renditions()[0];
  return next_part(own, own, kSegment).value();
}

TEST(HlsMultivariant, names_both_renditions_and_their_codecs) {
  Line line;
  line.picture_and_sound();
  EXPECT_EQ(hls_multivariant(*line.sink.presentations.back(),
                             {{1, {2'500'000, 2'000'000}}, {2, {130'000, 128'000}}}),
            R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2630000,AVERAGE-BANDWIDTH=2128000,CODECS="avc1.64000d,mp4a.40.2",RESOLUTION=320x240,FRAME-RATE=25.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
video/index.m3u8
)");
}

TEST(HlsMultivariant, lists_the_ladder_below_the_source_and_sound_alone_at_the_end) {
  Line line;
  line.picture_and_sound();
  line.join_ladder();
  const Bandwidths own{{1, {2'500'000, 2'000'000}}, {2, {130'000, 128'000}}};
  Bandwidths all = own;
  all[media::kFirstRung] = {600'000, 500'000};
  all[media::kFirstRung + 1] = {66'000, 64'000};
  const auto& presentation = *line.sink.presentations.back();
  const std::string text = hls_multivariant(presentation, all);
  EXPECT_THAT(lines_with(text, "#EXT-X-STREAM-INF"),
              ElementsAre(HasSubstr("BANDWIDTH=2630000"), HasSubstr("BANDWIDTH=730000"),
                          "#EXT-X-STREAM-INF:BANDWIDTH=66000,AVERAGE-BANDWIDTH=64000,"
                          "CODECS=\"mp4a.40.2\""));
  EXPECT_THAT(text, HasSubstr("\nhalf/index.m3u8\n"));
  EXPECT_THAT(text, EndsWith("\nradio/index.m3u8\n"));
  EXPECT_EQ(lines_with(text, "#EXT-X-MEDIA").size(), 1u);
  EXPECT_EQ(lines_with(hls_multivariant(presentation, own), "#EXT-X-STREAM-INF").size(), 1u)
      << "a rendition without a segment is not named";
}

TEST(HlsMultivariant, two_sounds_are_a_group_beside_every_picture) {
  Line line(PackagerOptions{.sounds = {"ja", "en"}});
  line.picture_and_two_sounds();
  line.join_ladder();
  const Bandwidths all{{media::kVideoTrack, {2'500'000, 2'000'000}},
                       {media::kAudioTrack, {130'000, 128'000}},
                       {media::kSecondSound, {150'000, 120'000}},
                       {media::kFirstRung, {600'000, 500'000}}};
  const auto& presentation = *line.sink.presentations.back();
  const std::string text = hls_multivariant(presentation, all);
  EXPECT_THAT(lines_with(text, "#EXT-X-MEDIA"),
              ElementsAre("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"ja\",LANGUAGE=\"ja\","
                          "DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio/index.m3u8\"",
                          "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"en\",LANGUAGE=\"en\","
                          "DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio-2/index.m3u8\""));
  EXPECT_THAT(lines_with(text, "#EXT-X-STREAM-INF"),
              ElementsAre(HasSubstr("BANDWIDTH=2650000,AVERAGE-BANDWIDTH=2128000"),
                          HasSubstr("BANDWIDTH=750000")))
      << "with the larger of the two";
  for (const std::string& variant : lines_with(text, "#EXT-X-STREAM-INF")) {
    EXPECT_THAT(variant, HasSubstr(",AUDIO=\"audio\""));
  }
}

TEST(HlsMultivariant, two_sounds_of_one_language_have_different_names) {
  Line line(PackagerOptions{.sounds = {"ja", "ja"}});
  line.picture_and_two_sounds();
  const Bandwidths all{{media::kSecondSound, {150'000, 120'000}}};
  EXPECT_THAT(lines_with(hls_multivariant(*line.sink.presentations.back(), all), "#EXT-X-MEDIA"),
              ElementsAre(HasSubstr("NAME=\"ja\","), HasSubstr("NAME=\"ja 2\",LANGUAGE=\"ja\"")));
}

TEST(HlsMultivariant, two_sounds_without_a_picture_are_one_variant) {
  Line line(PackagerOptions{.sounds = {"ja", "en"}});
  media::Track second = media::testing::audio_track();
  second.id = media::kSecondSound;
  line.packager.on_tracks({media::testing::audio_track(), second});
  EXPECT_EQ(hls_multivariant(*line.sink.presentations.back(),
                             {{media::kAudioTrack, {130'000, 128'000}},
                              {media::kSecondSound, {110'000, 108'000}}}),
            R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="ja",LANGUAGE="ja",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="en",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-2/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2",AUDIO="audio"
audio/index.m3u8
)");
}

TEST(HlsMultivariant, lists_sound_alone_as_the_variant) {
  Line line;
  line.sound_alone();
  EXPECT_EQ(hls_multivariant(*line.sink.presentations.back(), {{2, {130'000, 128'000}}}),
            R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"
audio/index.m3u8
)");
}

TEST(HlsMedia, plain_lists_complete_segments_only) {
  Line line;
  line.picture_alone();
  line.run(0, 5);
  EXPECT_EQ(media_playlist(line, 0, kPlain), R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:900000000
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z
#EXTINF:2.00000,
162000000000000.m4s
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:02.000Z
#EXTINF:2.00000,
162000000180000.m4s
)");
}

TEST(HlsMedia, low_latency_lists_parts_a_hint_and_the_other_rendition) {
  Line line;
  line.picture_and_sound();
  line.run(0, 3);
  EXPECT_EQ(media_playlist(line, 0, kLowLatency), R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24.0,HOLD-BACK=12.0,PART-HOLD-BACK=1.00101
#EXT-X-PART-INF:PART-TARGET=0.33367
#EXT-X-MEDIA-SEQUENCE:900000000
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z
#EXT-X-PART:DURATION=0.32000,URI="162000000000000.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.32000,URI="162000000000000.1.m4s"
#EXT-X-PART:DURATION=0.32000,URI="162000000000000.2.m4s"
#EXT-X-PART:DURATION=0.32000,URI="162000000000000.3.m4s"
#EXT-X-PART:DURATION=0.32000,URI="162000000000000.4.m4s"
#EXT-X-PART:DURATION=0.32000,URI="162000000000000.5.m4s"
#EXT-X-PART:DURATION=0.08000,URI="162000000000000.6.m4s"
#EXTINF:2.00000,
162000000000000.m4s
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:02.000Z
#EXT-X-PART:DURATION=0.32000,URI="162000000180000.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.32000,URI="162000000180000.1.m4s"
#EXT-X-PART:DURATION=0.32000,URI="162000000180000.2.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="162000000180000.3.m4s"
#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=900000001,LAST-PART=2
)");
}

TEST(HlsMedia, media_stands_where_the_start_of_its_segment_says) {
  Line line;
  line.picture_and_sound();
  line.run(0, 7);
  HlsOptions options = kLowLatency;
  options.media_at = [](Utc start) {
    return fmt::format("/t/e{}/", micros_of(start) / 1'000'000 % 100);
  };
  const std::string text = media_playlist(line, 0, options);
  EXPECT_THAT(text, HasSubstr("\n/t/e0/162000000000000.m4s\n"));
  EXPECT_THAT(text, HasSubstr("\n/t/e2/162000000180000.m4s\n"));
  EXPECT_THAT(text, HasSubstr("URI=\"/t/e2/162000000180000.0.m4s\""));
  EXPECT_THAT(lines_with(text, "#EXT-X-PRELOAD-HINT"), ElementsAre(HasSubstr("URI=\"/t/e6/")));
  EXPECT_THAT(lines_with(text, "#EXT-X-MAP"), ElementsAre("#EXT-X-MAP:URI=\"init-1.mp4\""))
      << "an init segment outlives its first segment";
}

TEST(HlsMedia, server_control_is_the_same_in_every_playlist) {
  Line line;
  line.packager.on_tracks({media::testing::video_track({8, 1}), media::testing::audio_track()});
  line.run(0, 3);
  EXPECT_EQ(lines_with(media_playlist(line, 0, kLowLatency), "#EXT-X-SERVER-CONTROL"),
            lines_with(media_playlist(line, 1, kLowLatency), "#EXT-X-SERVER-CONTROL"));
}

TEST(HlsMedia, hints_at_the_next_segment_when_the_open_one_is_full) {
  Line line(30);
  line.picture_alone();
  line.run(0, 4);
  EXPECT_THAT(media_playlist(line, 0, kLowLatency),
              EndsWith("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"162000000360000.0.m4s\"\n"));
  line.run(4, 5);
  EXPECT_NE(line.sink.log(1).find(162'000'000'360'000), nullptr);
}

TEST(HlsMedia, hints_follow_a_publisher_that_is_regular_off_the_grid) {
  Line line(30);
  line.picture_alone();
  const auto frame = [&](int i) {
    line.packager.on_frame(
        media::testing::video_frame(162'000'000'045'000 + std::int64_t{i} * 3000, i % 60 == 0));
  };
  for (int i = 0; i < 180; ++i) frame(i);
  EXPECT_THAT(media_playlist(line, 0, kLowLatency),
              EndsWith("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"162000000585000.0.m4s\"\n"));
}

TEST(HlsMedia, a_break_is_marked_before_the_first_part_after_it) {
  Line line;
  line.picture_alone();
  line.run(0, 3);
  line.packager.on_discontinuity();
  line.run(10, 11);
  const std::string text = media_playlist(line, 0, kLowLatency);
  EXPECT_THAT(text, HasSubstr("#EXTINF:1.00000,\n162000000180000.m4s\n"
                              "#EXT-X-DISCONTINUITY\n"
                              "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:10.000Z\n"
                              "#EXT-X-PART:DURATION=0.32000,URI=\"162000000900000.0.m4s\""));
  EXPECT_THAT(text, Not(HasSubstr("DISCONTINUITY-SEQUENCE")));
}

TEST(HlsMedia, counts_breaks_that_have_left_the_playlist) {
  Line line;
  line.picture_alone();
  line.run(0, 2);
  line.packager.on_discontinuity();
  line.run(4, 60);
  const std::string text = media_playlist(line, 0, kPlain);
  EXPECT_THAT(text, HasSubstr("#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
  EXPECT_THAT(text, Not(HasSubstr("#EXT-X-DISCONTINUITY\n")));
}

TEST(HlsMedia, a_new_configuration_brings_its_own_map) {
  Line line;
  line.picture_alone();
  line.run(0, 2);
  media::Track other = media::testing::video_track({Line::kRate, 1});
  other.config = media::testing::from_hex(media::testing::kAvcMain25);
  line.packager.on_tracks({other});
  line.run(2, 5);
  EXPECT_THAT(lines_with(media_playlist(line, 0, kPlain), "#EXT-X-MAP"),
              ElementsAre("#EXT-X-MAP:URI=\"init-1.mp4\"", "#EXT-X-MAP:URI=\"init-2.mp4\""));
}

TEST(HlsMedia, lists_the_last_fifteen_segments_and_parts_of_the_last_three) {
  Line line;
  line.picture_alone();
  line.run(0, 61);
  const std::string text = media_playlist(line, 0, kLowLatency);
  EXPECT_THAT(text, HasSubstr("#EXT-X-MEDIA-SEQUENCE:900000015\n"));
  EXPECT_EQ(lines_with(text, "#EXTINF").size(), 15u);
  EXPECT_EQ(lines_with(text, "#EXT-X-PART:").size(), 7u + 7u + 3u);
  // What has left the playlist is still there for those who have just read it.
  EXPECT_NE(line.sink.log(1).find(162'000'000'000'000), nullptr);
}

HlsOptions delta(HlsOptions options) {
  options.update = HlsOptions::Update::Delta;
  return options;
}

TEST(HlsDelta, stands_for_what_ended_six_target_durations_before_the_playlist) {
  Line line;
  line.picture_and_sound();
  line.run(0, 60);
  const std::string whole = media_playlist(line, 0, kLowLatency);
  const std::string text = media_playlist(line, 0, delta(kLowLatency));
  EXPECT_THAT(text, ::testing::StartsWith(R"(#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24.0,HOLD-BACK=12.0,PART-HOLD-BACK=1.00101
#EXT-X-PART-INF:PART-TARGET=0.33367
#EXT-X-MEDIA-SEQUENCE:900000014
#EXT-X-SKIP:SKIPPED-SEGMENTS=3
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:34.000Z
#EXTINF:2.00000,
162000003060000.m4s
)"));
  const std::string from = "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:34";
  EXPECT_EQ(text.substr(text.find(from)), whole.substr(whole.find(from)));
}

TEST(HlsDelta, is_the_whole_where_nothing_is_old_enough) {
  Line line;
  line.picture_alone();
  line.run(0, 25);
  EXPECT_EQ(media_playlist(line, 0, delta(kLowLatency)), media_playlist(line, 0, kLowLatency));
}

TEST(HlsDelta, is_offered_by_playlists_of_low_latency_that_grow) {
  Line line;
  line.picture_alone();
  line.run(0, 60);
  HlsOptions ended = kLowLatency;
  ended.life = HlsOptions::Life::Ended;
  for (const HlsOptions& options : {kPlain, ended}) {
    EXPECT_EQ(media_playlist(line, 0, delta(options)), media_playlist(line, 0, options));
  }
}

TEST(HlsMedia, short_segments_do_not_make_a_short_playlist) {
  Line line;
  line.picture_alone();
  for (std::int64_t second = 0; second < 60; second += 2) {
    line.run(second, second + 1);
    line.packager.on_discontinuity();
  }
  double total = 0;
  for (const std::string& extinf : lines_with(media_playlist(line, 0, kPlain), "#EXTINF:")) {
    total += std::stod(extinf.substr(8));
  }
  EXPECT_GE(total, 12);
}

TEST(HlsMedia, sound_that_was_away_is_a_gap) {
  Line line;
  line.picture_and_sound();
  line.run(0, 2);
  for (int i = 0; i < 300; ++i) {
    line.packager.on_frame(
        media::testing::video_frame(162'000'000'180'000 + i * 3600, i % 50 == 0));
  }
  EXPECT_THAT(media_playlist(line, 1, kPlain), HasSubstr("#EXT-X-GAP\n#EXTINF:2.00000,\n"));
}

TEST(HlsMedia, endlist_comes_when_ended_and_nothing_is_promised_after_it) {
  Line line;
  line.picture_and_sound();
  line.run(0, 3);
  line.packager.on_discontinuity();
  HlsOptions ended = kLowLatency;
  ended.life = HlsOptions::Life::Ended;
  const std::string text = media_playlist(line, 0, ended);
  EXPECT_THAT(text, EndsWith("162000000180000.m4s\n#EXT-X-ENDLIST\n"));
  EXPECT_THAT(text, Not(HasSubstr("PRELOAD-HINT")));
  EXPECT_THAT(media_playlist(line, 0, kLowLatency), Not(HasSubstr("ENDLIST")));
}

TEST(HlsMedia, millisecond_time_stamps_keep_parts_within_their_target) {
  Line line;
  line.packager.on_tracks({media::testing::video_track({30, 1})});
  for (int i = 0; i < 200; ++i) {
    const std::int64_t millis = i * 1000 / 30;  // as FLV rounds them
    line.packager.on_frame(
        media::testing::video_frame(162'000'000'000'000 + millis * 90, i % 60 == 0));
  }
  const std::string text = media_playlist(line, 0, kLowLatency);
  const auto parts = lines_with(text, "#EXT-X-PART:DURATION=");
  EXPECT_GE(parts.size(), 14u);
  for (const std::string& part : parts) {
    const double duration = std::stod(part.substr(21));
    EXPECT_LE(duration, 0.33367) << part;
    EXPECT_GE(duration, 0.85 * 0.33367) << part;
  }
}

TEST(FindPart, what_was_hinted_is_waited_for_and_then_found) {
  Line line;
  line.picture_alone();
  line.run(0, 1);
  const live::SegmentLog& log = line.sink.log(1);
  const PartAddress hinted = hinted_at(line);
  EXPECT_EQ(hinted, (PartAddress{162'000'000'000'000, 3}));
  ASSERT_TRUE(find_part(log, hinted));
  EXPECT_EQ(find_part(log, hinted)->segment, nullptr);
  EXPECT_FALSE(find_part(log, {hinted.start, 4}));
  EXPECT_FALSE(find_part(log, {hinted.start + 900'000, 0}));
  line.run(1, 2);
  ASSERT_TRUE(find_part(log, hinted));
  EXPECT_EQ(find_part(log, hinted)->segment, &log.segments().back());
  EXPECT_EQ(find_part(log, hinted)->part, 3u);
}

TEST(FindPart, the_next_segment_takes_the_place_of_a_part_that_never_came) {
  Line line;
  line.picture_alone();
  line.run(0, 3);
  const live::SegmentLog& log = line.sink.log(1);
  ASSERT_EQ(log.segments().front().parts.size(), 7u);
  const auto found = find_part(log, {162'000'000'000'000, 7});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->segment, &log.segments().back());
  EXPECT_EQ(found->part, 0u);
  EXPECT_FALSE(find_part(log, {162'000'000'000'000, 8}));
}

TEST(FindPart, a_segment_that_goes_on_takes_the_place_of_the_one_that_was_hinted) {
  Line line(30);
  line.picture_alone();
  line.run(0, 2);
  const live::SegmentLog& log = line.sink.log(1);
  const PartAddress hinted = hinted_at(line);
  EXPECT_EQ(hinted, (PartAddress{162'000'000'180'000, 0}));
  EXPECT_EQ(find_part(log, hinted)->segment, nullptr);
  const auto frame = [&](int i) {
    line.packager.on_frame(media::testing::video_frame(162'000'000'180'000 + i * 3'000, false));
  };
  frame(0);
  ASSERT_TRUE(find_part(log, hinted));
  EXPECT_EQ(find_part(log, hinted)->segment, nullptr);
  for (int i = 1; i < 10; ++i) frame(i);
  ASSERT_TRUE(find_part(log, hinted));
  EXPECT_EQ(find_part(log, hinted)->segment, &log.segments().front());
  EXPECT_EQ(find_part(log, hinted)->part, 6u);
}

TEST(Measure, takes_what_is_announced_before_it_can_measure) {
  Line line;
  media::Track track = media::testing::video_track({Line::kRate, 1});
  track.bitrate = 1'234'000;
  line.packager.on_tracks({track});
  EXPECT_EQ(measure(line.sink.renditions()[0]).peak, 1'234'000u);
  line.run(0, 5);
  const Bandwidth measured = measure(line.sink.renditions()[0]);
  const auto& segment = line.sink.log(1).segments().front();
  EXPECT_EQ(measured.peak, segment.bytes * 8 / 2);
}

TEST(IsoTime, is_rounded_to_milliseconds) {
  EXPECT_EQ(iso_time(utc_of(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_time(utc_of(1'795'226'399'999'600)), "2026-11-21T02:00:00.000Z");
}

}  // namespace
}  // namespace butai::package
