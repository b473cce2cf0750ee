#include "package/dash_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "package/testing/line.h"

namespace butai::package {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Line;
using ::testing::Not;

std::string manifest(Line& line, const DashOptions& options = {}) {
  return dash_manifest(line.sink.presentations, line.sink.renditions(), options);
}
std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    ++found;
  }
  return found;
}

TEST(DashManifest, is_empty_before_the_first_complete_segment) {
  Line line;
  line.picture_and_sound();
  EXPECT_THAT(manifest(line), IsEmpty());
  line.run(0, 2);
  EXPECT_THAT(manifest(line), IsEmpty());
}

TEST(DashManifest, lists_complete_segments_on_the_wall_clock) {
  Line line;
  line.picture_and_sound();
  line.run(0, 7);
  EXPECT_EQ(manifest(line), R"(<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic"
  profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"
  availabilityStartTime="1970-01-01T00:00:00Z" publishTime="2027-01-15T08:00:06.000Z"
  minimumUpdatePeriod="PT2S" suggestedPresentationDelay="PT12S"
  timeShiftBufferDepth="PT30S" minBufferTime="PT2S" maxSegmentDuration="PT2.005333S">
  <ServiceDescription id="0">
    <Latency target="12000" min="6000" max="24000"/>
    <PlaybackRate min="0.96" max="1.04"/>
  </ServiceDescription>
  <Period id="1800000000000000" start="PT1800000000S">
    <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" containerProfiles="cmfc">
      <Representation id="video" codecs="avc1.64000d" bandwidth="23000" width="320" height="240" frameRate="25">
        <SegmentTemplate timescale="90000" presentationTimeOffset="162000000000000" initialization="video/init-1.mp4" media="video/$Time$.m4s">
          <SegmentTimeline>
            <S t="162000000000000" d="180000" r="2"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1" containerProfiles="cmfc">
      <Representation id="audio" codecs="mp4a.40.2" bandwidth="23967" audioSamplingRate="48000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>
        <SegmentTemplate timescale="48000" presentationTimeOffset="86400000000000" initialization="audio/init-1.mp4" media="audio/$Time$.m4s">
          <SegmentTimeline>
            <S t="86400000000000" d="96256"/>
            <S d="95232"/>
            <S d="96256"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
  </Period>
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
</MPD>
)");
}

TEST(DashManifest, names_once_where_media_is) {
  Line line;
  line.picture_and_sound();
  line.run(0, 7);
  EXPECT_THAT(manifest(line), Not(HasSubstr("<BaseURL>")));
  EXPECT_THAT(manifest(line, {.media_address = "/t/e-a-1-x/live/a&b/"}),
              HasSubstr(">\n  <BaseURL>/t/e-a-1-x/live/a&amp;b/</BaseURL>\n  <ServiceDescription"));
}

TEST(DashManifest, says_where_it_is_fetched_again) {
  Line line;
  line.picture_and_sound();
  line.run(0, 7);
  EXPECT_THAT(manifest(line), Not(HasSubstr("<Location>")));
  EXPECT_THAT(manifest(line, {.update_address = "manifest.mpd?a&b"}),
              HasSubstr(">\n  <Location>manifest.mpd?a&amp;b</Location>\n  <ServiceDescription"));
}

TEST(DashManifest, a_ladder_s_renditions_are_representations_of_one_set) {
  Line line;
  line.picture_and_sound();
  line.join_ladder();
  line.run_with_ladder(0, 7);
  const std::string text = manifest(line);
  EXPECT_EQ(count(text, "<AdaptationSet "), 2u);
  EXPECT_EQ(count(text, "<Representation "), 4u);
  EXPECT_EQ(count(text, "<Period "), 1u);
  EXPECT_THAT(text, HasSubstr("media=\"half/$Time$.m4s\""));
  const auto half = text.find("id=\"half\""), end_of_pictures = text.find("</AdaptationSet>");
  EXPECT_LT(half, end_of_pictures);
  EXPECT_GT(text.find("id=\"radio\""), end_of_pictures);
}

TEST(DashManifest, a_second_sound_is_a_set_of_its_own_that_nobody_switches_to_unasked) {
  Line line(PackagerOptions{.sounds = {"ja", "en"}});
  line.picture_and_two_sounds();
  line.join_ladder();
  line.run_with_ladder(0, 7);
  const std::string text = manifest(line);
  EXPECT_EQ(count(text, "<AdaptationSet "), 3u);
  EXPECT_EQ(count(text, "<Period "), 1u);
  EXPECT_EQ(count(text, "adaptation-set-switching"), 0u);
  const auto first = text.find(
      "<AdaptationSet id=\"2\" contentType=\"audio\""
      " mimeType=\"audio/mp4\" lang=\"ja\"");
  const auto second = text.find(
      "<AdaptationSet id=\"3\" contentType=\"audio\""
      " mimeType=\"audio/mp4\" lang=\"en\"");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(second, std::string::npos);
  const std::string of_first = text.substr(first, second - first), of_second = text.substr(second);
  EXPECT_THAT(of_first, HasSubstr(R"(:role:2011" value="main"/>)"));
  EXPECT_THAT(of_first, HasSubstr("<Representation id=\"radio\"")) << "the ladder has the first";
  EXPECT_THAT(of_second, HasSubstr(R"(:role:2011" value="alternate"/>)"));
  EXPECT_THAT(of_second, HasSubstr("media=\"audio-2/$Time$.m4s\""));
  EXPECT_EQ(count(of_second, "<Representation "), 1u);
}

TEST(DashManifest, a_break_opens_a_period) {
  Line line;
  line.picture_and_sound();
  line.run(0, 3);
  line.packager.on_discontinuity();
  line.run(10, 13);
  const std::string text = manifest(line);
  EXPECT_EQ(count(text, "<Period "), 2u);
  EXPECT_THAT(text, HasSubstr("<Period id=\"1800000010000000\" start=\"PT1800000010S\">"));
  EXPECT_THAT(text, HasSubstr("presentationTimeOffset=\"162000000900000\""));
  EXPECT_THAT(text, HasSubstr("presentationTimeOffset=\"86400000480000\""));
}

TEST(DashManifest, a_period_keeps_its_identity_when_its_first_segments_have_left) {
  Line line;
  line.picture_and_sound();
  line.run(0, 3);
  line.packager.on_discontinuity();
  line.run(10, 200);
  const std::string text = manifest(line);
  EXPECT_EQ(count(text, "<Period "), 1u);
  EXPECT_THAT(text, HasSubstr("<Period id=\"1800000010000000\" start=\"PT1800000010S\">"));
  EXPECT_THAT(text, HasSubstr(" r=\"14\"/>"));
}

TEST(DashManifest, a_period_before_a_change_keeps_its_own_codec_and_init) {
  Line line;
  line.picture_alone();
  line.run(0, 2);
  media::Track other = media::testing::video_track({Line::kRate, 1});
  other.config = media::testing::from_hex(media::testing::kAvcMain25);
  line.packager.on_tracks({other});
  line.run(2, 5);
  const std::string text = manifest(line);
  EXPECT_THAT(text, HasSubstr("initialization=\"video/init-1.mp4\""));
  EXPECT_THAT(text, HasSubstr("codecs=\"avc1.64000d\""));
  EXPECT_THAT(text, HasSubstr("initialization=\"video/init-2.mp4\""));
  EXPECT_THAT(text, HasSubstr("codecs=\"avc1.4d4028\""));
  EXPECT_THAT(text, HasSubstr("width=\"1920\" height=\"1080\""));
}

TEST(DashManifest, an_ended_one_says_how_long_it_was_and_is_not_fetched_again) {
  Line line;
  line.picture_alone();
  line.run(0, 3);
  line.packager.on_discontinuity();
  DashOptions options;
  options.life = DashOptions::Life::Ended;
  const std::string text = manifest(line, options);
  EXPECT_THAT(text, Not(HasSubstr("minimumUpdatePeriod")));
  EXPECT_THAT(text, HasSubstr("mediaPresentationDuration=\"PT1800000003S\""));
  EXPECT_THAT(text, HasSubstr("start=\"PT1800000000S\" duration=\"PT3S\""));
  EXPECT_THAT(text, HasSubstr("publishTime=\"2027-01-15T08:00:03.001Z\""));
}

constexpr auto kLow = DashOptions::Profile::Low;

TEST(DashLowLatency, lists_the_segment_that_grows_with_the_length_it_will_have) {
  Line line;
  line.picture_and_sound();
  line.run(0, 5);
  EXPECT_EQ(manifest(line, {.profile = kLow}), R"(<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic"
  profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019,http://www.dashif.org/guidelines/low-latency-live-v5"
  availabilityStartTime="1970-01-01T00:00:00Z" publishTime="2027-01-15T08:00:04.001Z"
  minimumUpdatePeriod="PT1S" suggestedPresentationDelay="PT3S"
  timeShiftBufferDepth="PT30S" minBufferTime="PT2S" maxSegmentDuration="PT2.005333S">
  <ServiceDescription id="0">
    <Latency referenceId="1" target="3000" min="1500" max="6000"/>
    <PlaybackRate min="0.96" max="1.04"/>
  </ServiceDescription>
  <Period id="1800000000000000" start="PT1800000000S">
    <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" containerProfiles="cmfc">
      <ProducerReferenceTime id="1" type="encoder" wallClockTime="2027-01-15T08:00:00.000Z" presentationTime="162000000000000"><UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/></ProducerReferenceTime>
      <Representation id="video" codecs="avc1.64000d" bandwidth="23000" width="320" height="240" frameRate="25">
        <SegmentTemplate timescale="90000" presentationTimeOffset="162000000000000" availabilityTimeOffset="1.960000" availabilityTimeComplete="false" initialization="video/init-1.mp4" media="video/$Time$.m4s">
          <SegmentTimeline>
            <S t="162000000000000" d="180000" r="2"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1" containerProfiles="cmfc">
      <ProducerReferenceTime id="2" type="encoder" wallClockTime="2027-01-15T08:00:00.000Z" presentationTime="86400000000000"><UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/></ProducerReferenceTime>
      <Representation id="audio" codecs="mp4a.40.2" bandwidth="23967" audioSamplingRate="48000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>
        <SegmentTemplate timescale="48000" presentationTimeOffset="86400000000000" availabilityTimeOffset="1.957334" availabilityTimeComplete="false" initialization="audio/init-1.mp4" media="audio/$Time$.m4s">
          <SegmentTimeline>
            <S t="86400000000000" d="96256"/>
            <S d="95232"/>
            <S d="96256"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
  </Period>
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="/time"/>
</MPD>
)");
}

// The lengths that the <S> of all time lines say, in order, repeats written out.
std::vector<std::string> lengths(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = text.find("<S "); at != std::string::npos; at = text.find("<S ", at + 1)) {
    const std::string element = text.substr(at, text.find("/>", at) - at);
    const auto value = [&](const std::string& name) {
      const std::size_t from = element.find(" " + name + "=\"");
      return from == std::string::npos ? "" : element.substr(from + name.size() + 3);
    };
    const std::string length = value("d").substr(0, value("d").find('"'));
    const int repeats = value("r").empty() ? 0 : std::stoi(value("r"));
    found.insert(found.end(), static_cast<std::size_t>(repeats) + 1, length);
  }
  return found;
}

TEST(DashLowLatency, a_segment_gets_the_length_that_it_was_listed_with) {
  for (std::int64_t seconds = 3; seconds < 15; seconds += 2) {
    Line shorter, longer;
    for (Line* line : {&shorter, &longer}) line->picture_and_sound();
    shorter.run(0, seconds);
    longer.run(0, seconds + 2);  // what grew is whole, and the next is not listed as it grows
    const auto grown = lengths(manifest(shorter, {.profile = kLow}));
    EXPECT_EQ(grown.size(), static_cast<std::size_t>(seconds + 1));
    EXPECT_EQ(grown, lengths(manifest(longer))) << seconds;
  }
}

TEST(DashLowLatency, a_segment_whose_end_nobody_knows_is_listed_when_it_is_complete) {
  Line line;
  line.picture_alone();
  const auto frame = [&](int i, bool key) {
    line.packager.on_frame(
        media::testing::video_frame(162'000'000'045'000 + std::int64_t{i} * 3600, key));
  };
  for (int i = 0; i < 60; ++i) frame(i, i % 50 == 0);
  EXPECT_THAT(manifest(line, {.profile = kLow}),
              HasSubstr("<S t=\"162000000045000\" d=\"180000\"/>"));
}

TEST(DashLowLatency, escapes_the_address_of_the_clock) {
  Line line;
  line.picture_alone();
  line.run(0, 3);
  EXPECT_THAT(manifest(line, {.profile = kLow, .time_address = "https://example.org/time?a=1&b=2"}),
              HasSubstr("value=\"https://example.org/time?a=1&amp;b=2\""));
}

TEST(DashManifest, sound_that_was_away_is_a_hole_in_its_time_line) {
  Line line;
  line.picture_and_sound();
  line.run(0, 4);
  for (int i = 0; i < 300; ++i) {
    line.packager.on_frame(
        media::testing::video_frame(162'000'000'360'000 + i * 3600, i % 50 == 0));
  }
  line.run(16, 19);
  const std::string text = manifest(line);
  EXPECT_EQ(count(text, "<Period "), 1u);
  EXPECT_THAT(text, HasSubstr("<S t=\"86400000768000\""));  // 16 s
}

}  // namespace
}  // namespace butai::package
