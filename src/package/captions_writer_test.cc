#include "package/captions_writer.h"

#include <gtest/gtest.h>

#include "media/box_reader.h"
#include "media/wvtt_writer.h"

namespace butai::package {
namespace {

constexpr std::int64_t kOrigin = 1'800'000'000;  // 2027-01-15T08:00:00Z
Ticks at(double seconds) {
  return {kOrigin * 90'000 + static_cast<std::int64_t>(seconds * 90'000), 90'000};
}
live::Cue cue(double start, double end, std::string text) {
  return {at(start).utc(), at(end).utc(), "ja", std::move(text)};
}
std::size_t count(ByteView bytes, std::string_view word) {
  std::size_t found = 0;
  const std::string_view text = as_text(bytes);
  for (std::size_t i = text.find(word); i != text.npos; i = text.find(word, i + 1)) ++found;
  return found;
}

constexpr Ticks kTwoSeconds{180'000, 90'000};

TEST(WebVtt, says_where_the_segment_lies_on_both_clocks) {
  const live::Cue first = cue(0.5, 1.75, "こんにちは"), second = cue(1.5, 2, "two\nlines");
  EXPECT_EQ(webvtt_segment({&first, &second}, at(0), kTwoSeconds),
            "WEBVTT\n"
            "X-TIMESTAMP-MAP=LOCAL:08:00:00.000,MPEGTS:" +
                std::to_string(kOrigin * 90'000 % (std::int64_t{1} << 33)) +
                "\n\n08:00:00.500 --> 08:00:01.750\nこんにちは\n"
                "\n08:00:01.500 --> 08:00:02.000\ntwo\nlines\n");
}

TEST(WebVtt, a_cue_across_a_cut_is_clipped_to_each_segment) {
  const live::Cue long_one = cue(1, 5, "long");
  EXPECT_NE(webvtt_segment({&long_one}, at(0), kTwoSeconds).find("08:00:01.000 --> 08:00:02.000"),
            std::string::npos);
  EXPECT_NE(webvtt_segment({&long_one}, at(4), kTwoSeconds).find("08:00:04.000 --> 08:00:05.000"),
            std::string::npos);
}

TEST(WebVtt, counts_on_past_midnight) {
  const double midnight = 16 * 3600;
  const live::Cue over = cue(midnight - 1, midnight + 3, "night");
  EXPECT_NE(
      webvtt_segment({&over}, at(midnight - 1), kTwoSeconds).find("23:59:59.000 --> 24:00:01.000"),
      std::string::npos);
}

TEST(WebVtt, text_cannot_become_a_tag_an_arrow_or_another_cue) {
  const live::Cue hostile = cue(0, 1, "\n\n<b>&\n\n00:00 --> 00:01\n\n");
  const std::string text = webvtt_segment({&hostile}, at(0), kTwoSeconds);
  EXPECT_TRUE(text.ends_with("\n&lt;b&gt;&amp;\n00:00 --&gt; 00:01\n")) << text;
}

TEST(Wvtt, has_a_sample_from_each_change_to_the_next) {
  const live::Cue first = cue(-1, 1, "a"), second = cue(0.5, 9, "b");
  const Bytes segment = wvtt_segment({&first, &second}, at(0), {180'000, 90'000});
  const auto boxes = media::parse_chunk(segment);
  ASSERT_TRUE(boxes.has_value());
  ASSERT_EQ(boxes->samples.size(), 3u);  // a; a and b; b
  EXPECT_EQ(boxes->base_decode_time, at(0).value);
  EXPECT_EQ(boxes->samples[0].duration, 45'000);
  EXPECT_EQ(boxes->samples[1].duration, 45'000);
  EXPECT_EQ(boxes->samples[2].duration, 90'000);
  EXPECT_EQ(count(segment, "payl"), 4u);
  EXPECT_EQ(count(segment, "vtte"), 0u);
}

TEST(Wvtt, a_segment_without_cues_is_one_empty_sample) {
  const Bytes segment = wvtt_segment({}, at(0), {180'000, 90'000});
  EXPECT_EQ(count(segment, "vtte"), 1u);
  EXPECT_EQ(count(segment, "payl"), 0u);
}

TEST(Wvtt, the_init_segment_names_its_codec) {
  const Bytes init = media::write_wvtt_init(90'000);
  EXPECT_EQ(count(init, "wvtt"), 1u);
  EXPECT_EQ(count(init, "WEBVTT"), 1u);
}

}  // namespace
}  // namespace butai::package
