// How players are told what there is to read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "media/testing/captions.h"
#include "package/dash_writer.h"
#include "package/hls_writer.h"
#include "package/testing/line.h"

namespace butai::package {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Line;
using ::testing::Not;

const std::vector<std::string> kLanguages{"ja", "en"};

// The same picture, with a control code of the first or third line.
void push_with_captions(Line& line, double seconds, std::uint8_t field, bool key) {
  auto frame = media::testing::video_frame(
      Line::kOrigin * 90'000 + static_cast<std::int64_t>(seconds * 90'000), key);
  frame.data = media::testing::with_captions(frame.data, {{field, 0x94, 0x20}});
  line.packager.on_frame(frame);
}

TEST(Captions, are_announced_by_the_same_presentation_once_they_are_seen) {
  Line line;
  line.picture_alone();
  line.run(0, 1);
  EXPECT_TRUE(line.sink.presentations.back()->captions.in_band.empty());
  line.sink.lines();
  push_with_captions(line, 1, 0, false);
  push_with_captions(line, 1.04, 0, false);
  push_with_captions(line, 1.08, 1, false);
  EXPECT_THAT(line.sink.lines(),
              ElementsAre(HasSubstr("presentation 1"), HasSubstr("presentation 1")));
  EXPECT_THAT(line.sink.presentations.back()->captions.in_band,
              ElementsAre(live::InBandCaptions{"CC1", ""}, live::InBandCaptions{"CC3", ""}));
}

TEST(Captions, that_are_configured_have_their_language_from_the_beginning) {
  testing::Transcript sink(Line::kOrigin);
  PackagerOptions options;
  options.captions = {{{"CC1", "ja"}}, {"en"}};
  Packager packager(sink, std::move(options));
  packager.on_tracks({media::testing::video_track()});
  EXPECT_THAT(sink.presentations.back()->captions.in_band,
              ElementsAre(live::InBandCaptions{"CC1", "ja"}));
  EXPECT_THAT(sink.presentations.back()->captions.languages, ElementsAre("en"));
}

TEST(Captions, stand_in_the_multivariant_playlist) {
  Line line;
  line.picture_alone();
  live::Presentation presentation = *line.sink.presentations.back();
  presentation.captions.in_band = {{"CC1", "ja"}, {"CC3", ""}};
  HlsOptions options;
  options.languages = kLanguages;
  const std::string text = hls_multivariant(presentation, {{1, {2'500'000, 2'000'000}}}, options);
  EXPECT_THAT(text, HasSubstr("#EXT-X-VERSION:6\n"));
  EXPECT_THAT(text, HasSubstr("#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"CC1\","
                              "LANGUAGE=\"ja\",AUTOSELECT=YES,INSTREAM-ID=\"CC1\"\n"));
  EXPECT_THAT(text, HasSubstr("NAME=\"CC3\",AUTOSELECT=YES,INSTREAM-ID=\"CC3\"\n"));
  EXPECT_THAT(text,
              HasSubstr("#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"en\","
                        "LANGUAGE=\"en\",AUTOSELECT=YES,CHARACTERISTICS=\"public.accessibility"
                        ".transcribes-spoken-dialog\",URI=\"captions-en/index.m3u8\"\n"));
  EXPECT_THAT(text, HasSubstr(",SUBTITLES=\"captions\",CLOSED-CAPTIONS=\"cc\"\nvideo/"));
  presentation.captions.in_band = {{"SERVICE1", ""}};
  EXPECT_THAT(hls_multivariant(presentation, {}, options), HasSubstr("#EXT-X-VERSION:7\n"));
}

TEST(Captions, have_a_playlist_cut_as_the_picture_is) {
  Line line;
  line.picture_and_sound();
  line.run(0, 5);
  auto others = line.sink.renditions();
  const RenditionLog own = others.front();
  others.erase(others.begin());
  HlsOptions options{.profile = HlsOptions::Profile::LowLatency};
  const std::string media = hls_media(own, others, options);
  options.content = HlsOptions::Content::Text;
  const std::string text = hls_media(own, others, options);
  EXPECT_THAT(text, HasSubstr("#EXTINF:2.00000,\n162000000000000.vtt\n"));
  EXPECT_THAT(text, HasSubstr("URI=\"162000000360000.1.vtt\",INDEPENDENT=YES\n"));
  for (const char* none : {".m4s", "EXT-X-MAP", "PRELOAD-HINT"})
    EXPECT_THAT(text, Not(HasSubstr(none)));
  const auto control = [](const std::string& of) {
    const auto at = of.find("#EXT-X-SERVER-CONTROL");
    return of.substr(at, of.find('\n', at) - at);
  };
  EXPECT_EQ(control(text), control(media));
}

TEST(Captions, stand_in_the_manifest) {
  Line line;
  line.picture_and_sound();
  line.run(0, 5);
  DashOptions options;
  const std::vector<live::InBandCaptions> in_band{{"CC1", "ja"}, {"CC3", ""}, {"SERVICE1", "en"}};
  options.in_band = in_band;
  options.languages = kLanguages;
  const std::string text = dash_manifest(line.sink.presentations, line.sink.renditions(), options);
  EXPECT_THAT(text, HasSubstr("<Accessibility schemeIdUri=\"urn:scte:dash:cc:cea-608:2015\" "
                              "value=\"CC1=ja;CC3\"/>"));
  EXPECT_THAT(text, HasSubstr("<Accessibility schemeIdUri=\"urn:scte:dash:cc:cea-708:2015\" "
                              "value=\"1=lang:en\"/>"));
  EXPECT_THAT(text, HasSubstr("contentType=\"text\" mimeType=\"application/mp4\" lang=\"ja\""));
  EXPECT_THAT(text, HasSubstr("initialization=\"captions-ja/init-90000.mp4\" "
                              "media=\"captions-ja/$Time$.m4s\">\n          <SegmentTimeline>\n"
                              "            <S t=\"162000000000000\" d=\"180000\" r=\"1\"/>"));
}

}  // namespace
}  // namespace butai::package
