#include "live/captions.h"

#include <gtest/gtest.h>

#include "live/limits.h"

namespace butai::live {
namespace {

constexpr Utc kStart = utc_of(1'800'000'000'000'000);
Utc at(double seconds) { return kStart + Micros{static_cast<std::int64_t>(seconds * 1e6)}; }
Cue cue(double start, double end, std::string text, std::string language = "ja") {
  return {at(start), at(end), std::move(language), std::move(text)};
}
std::vector<std::string> texts(const CueLog& log, double start, double end) {
  std::vector<std::string> all;
  for (const Cue* each : log.between("ja", at(start), at(end))) all.push_back(each->text);
  return all;
}
using Texts = std::vector<std::string>;

TEST(CaptionsLine, is_a_language_or_a_channel_with_its_language) {
  Captions captions;
  EXPECT_TRUE(add_captions(captions, "CC1=ja"));
  EXPECT_TRUE(add_captions(captions, "SERVICE63=en-GB"));
  EXPECT_TRUE(add_captions(captions, "zh-Hant"));
  EXPECT_EQ(captions, (Captions{{{"CC1", "ja"}, {"SERVICE63", "en-GB"}}, {"zh-Hant"}}));
  for (const char* bad : {"", "j", "-a", "CC1", "CC5=ja", "CC1=", "SERVICE64=ja", "SERVICE0=ja",
                          "CC1x=ja", "ja/en", "a b", "../x=ja"}) {
    EXPECT_FALSE(add_captions(captions, bad)) << bad;
  }
}

TEST(CueLog, gives_what_is_seen_between_two_times) {
  CueLog log;
  log.add({cue(1, 3, "a"), cue(4, 6, "c"), cue(2.5, 4.5, "b"), cue(1, 9, "other", "en")}, {});
  EXPECT_EQ(texts(log, 0, 1), Texts{});
  EXPECT_EQ(texts(log, 2, 4), (Texts{"a", "b"}));
  EXPECT_EQ(texts(log, 4, 6), (Texts{"b", "c"}));
  EXPECT_EQ(log.languages(), (Texts{"ja", "en"}));
}

TEST(CueLog, what_comes_late_begins_with_the_part_that_is_open) {
  CueLog log;
  log.add({cue(1, 5, "late")}, at(2.333));
  EXPECT_EQ(texts(log, 2, 2.333), Texts{});
  EXPECT_EQ(texts(log, 2.333, 2.667), Texts{"late"});
  EXPECT_EQ(texts(log, 2, 4), Texts{"late"});
}

TEST(CueLog, forgets_what_no_segment_can_show_any_more) {
  CueLog log;
  log.add({cue(0, 1, "old")}, {});
  log.add({cue(500, 501, "new")}, at(500));
  EXPECT_EQ(texts(log, 0, 1), Texts{});
  for (std::size_t i = 0; i <= kCuesMax; ++i) log.add({cue(600, 601, std::to_string(i))}, {});
  EXPECT_EQ(log.between("ja", at(600), at(601)).size(), kCuesMax);
}

TEST(CueLog, takes_no_more_languages_than_players_can_show) {
  CueLog log;
  for (std::size_t i = 0; i < kLanguagesMax + 5; ++i) {
    log.add({cue(0, 1, "x", "a" + std::to_string(i))}, {});
  }
  EXPECT_EQ(log.languages().size(), kLanguagesMax);
}

}  // namespace
}  // namespace butai::live
