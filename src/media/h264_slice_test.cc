#include "media/h264_slice.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "media/testing/tracks.h"

namespace butai::media {
namespace {

using testing::from_hex;

// Slices as x264 wrote them, up to where shaka-packager 3.4.2 let encryption begin.
struct Measured {
  std::string_view what, config;
  std::vector<std::string_view> headers;
};

const std::vector<Measured> kMeasured = {
    {"baseline, CAVLC",
     "0142c00dffe100186742c00dd90141fb0110000003001000000303c0f142a48001000568cb83cb20",
     {"65888427", "419a5413c9"}},
    {"main, B pictures, weights",
     "014d400dffe10018674d400deca0a0fd8088000003000800000301e078a14cb001000568ebe3cb20",
     {"658884009f", "419a236c49ff", "419e8545112c25ff", "419a6749a84168994c093f",
      "419aec49a8416c994c144c9f"}},
    {"high, 8 slices",
     "0164000dffe100196764000dacd94141fb0110000003001000000303c0f142996001000668ebe3cb22c0fdf8f800",
     {"650522210037", "650288884003bf", "65008288840037ff", "410527a151444b087f",
      "4100829e8545112c2bff", "4100829a6749a84168994c086fff", "4100829aec49a8416c994c144c37ff"}},
    {"intra refresh, 5 references, B pyramid",
     "0164000dffe100196764000dac5640507ec044000003000400000300f03c50a65801000568ef8f2c8bfdf8f800",
     {"658882004f", "419a118c49ff", "419a341a265727", "419b471a265711ff"}},
    {"a fade: weights in every slice, emulation prevention in one",
     "0164000dffe100196764000dacd94141fb0110000003001000000303c0f142996001000668ebe3cb22c0fdf8f800",
     {"41889080cf", "6588840027ff", "419e8345113c9f", "419e5a45113c21ff", "419a216e1201fe42bf",
      "419bf549e10f2653022bff", "419b504be1084294863c09c780a0020809e07b027090097f",
      "419aa84ba842105a218d03304e06a01520680143033054022fff"}},
    {"CAVLC, no deblocking",
     "0164000dffe100196764000dacd94141fb0110000003001000000303c0f142996001000668cbe3cb22c0fdf8f800",
     {"658884008a", "419a236c1178", "419e84451128515f", "419a3849e10f26530062",
      "419a6649a84168994c0229", "419aa849a8416c994c144911"}},
};

TEST(SliceHeaders, end_where_an_independent_packager_ends_them) {
  for (const Measured& one : kMeasured) {
    SliceHeaders headers;
    ASSERT_TRUE(headers.take_config(from_hex(one.config))) << one.what;
    for (const std::string_view hex : one.headers) {
      const Bytes slice = from_hex(std::string(hex) + "a5a5a5a5a5a5a5a5");
      const auto size = headers.header_size(slice);
      ASSERT_TRUE(size) << one.what << " " << hex << ": " << sentence(size.error());
      EXPECT_EQ(*size, hex.size() / 2) << one.what << " " << hex;
    }
  }
}

TEST(SliceHeaders, refuse_a_header_that_runs_off_the_end) {
  const Measured& one = kMeasured[1];
  SliceHeaders headers;
  ASSERT_TRUE(headers.take_config(from_hex(one.config)));
  const Bytes whole = from_hex(one.headers.back());
  for (std::size_t length = 1; length + 1 < whole.size(); ++length) {
    const auto size = headers.header_size(whole.view().first(length));
    ASSERT_FALSE(size) << length;
    EXPECT_EQ(size.error(), H264Error::Truncated);
  }
}

TEST(SliceHeaders, refuse_a_slice_without_its_parameter_sets) {
  const SliceHeaders headers;
  const auto size = headers.header_size(from_hex("65888427a5a5"));
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error(), H264Error::NoParameterSets);
}

TEST(SliceHeaders, are_read_by_the_parameter_sets_met_last) {
  // The same slice has another header under deblocking control and under CAVLC.
  SliceHeaders headers;
  ASSERT_TRUE(headers.take_config(from_hex(kMeasured[0].config)));
  const auto high = parse_avc_config(from_hex(kMeasured[2].config));
  ASSERT_TRUE(high);
  headers.take(high->sps.front());
  headers.take(high->pps.front());
  const auto size = headers.header_size(from_hex("65008288840037ffa5a5"));
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 8u);
}

}  // namespace
}  // namespace butai::media
