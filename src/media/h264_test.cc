#include "media/h264.h"

#include <gtest/gtest.h>

#include "media/bit_reader.h"
#include "media/testing/tracks.h"

namespace butai::media {
namespace {

using testing::from_hex;

std::string text(ByteView bytes) { return std::string(as_text(bytes)); }

// Writes bits, most significant first, to build parameter sets that no encoder makes.
class BitWriter {
 public:
  BitWriter& bits(std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) push((value >> i) & 1);
    return *this;
  }
  BitWriter& ue(std::uint64_t value) {
    int length = 0;
    while (((value + 1) >> (length + 1)) != 0) ++length;
    return bits(0, length).bits(value + 1, length + 1);
  }
  std::vector<std::uint8_t> nal(std::uint8_t header) {
    push(1);
    while (used_ % 8 != 0) push(0);
    std::vector<std::uint8_t> out = {header};
    const auto escaped = escape(bytes_);
    out.insert(out.end(), escaped.begin(), escaped.end());
    return out;
  }

 private:
  void push(std::uint64_t bit) {
    if (used_ % 8 == 0) bytes_.push_back(0);
    bytes_.back() |= static_cast<std::uint8_t>(bit << (7 - used_ % 8));
    ++used_;
  }
  std::vector<std::uint8_t> bytes_;
  std::size_t used_ = 0;
};

struct SpsFields {
  std::uint64_t columns = 20, rows = 15;  // macroblocks
  std::uint64_t order_type = 2, cycle = 0;
  std::uint64_t crop_right = 0;
  std::uint64_t units = 1, scale = 60;
  std::optional<std::uint64_t> reordered;
  bool buffers = false;  // hrd_parameters before it
};
std::vector<std::uint8_t> baseline_sps(const SpsFields& f) {
  BitWriter out;
  out.bits(66, 8).bits(0xc0, 8).bits(30, 8).ue(0).ue(0).ue(f.order_type);
  if (f.order_type == 0) out.ue(0);
  if (f.order_type == 1) {
    out.bits(0, 1).ue(0).ue(0).ue(f.cycle);
    for (std::uint64_t i = 0; i < f.cycle && i < 300; ++i) out.ue(0);
  }
  out.ue(1).bits(0, 1).ue(f.columns - 1).ue(f.rows - 1).bits(1, 1).bits(1, 1);
  out.bits(f.crop_right != 0, 1);
  if (f.crop_right != 0) out.ue(0).ue(f.crop_right).ue(0).ue(0);
  out.bits(1, 1).bits(0, 4).bits(1, 1).bits(f.units, 32).bits(f.scale, 32).bits(0, 1);
  if (f.reordered) {
    out.bits(f.buffers, 1);
    if (f.buffers) {
      out.ue(1).bits(0, 8).ue(999).ue(5).bits(1, 1).ue(70'000).ue(5).bits(1, 1).bits(0, 20);
    }
    out.bits(0, 1);
    if (f.buffers) out.bits(0, 1);
    out.bits(0, 1).bits(1, 1).bits(1, 1).ue(0).ue(0).ue(10).ue(10).ue(*f.reordered).ue(16);
  }
  return out.nal(0x67);
}

TEST(H264Sps, reads_what_encoders_write) {
  const auto high = sps_of(from_hex(testing::kAvcHigh30));
  ASSERT_TRUE(high);
  EXPECT_EQ(high->profile, 100);
  EXPECT_EQ(high->level, 13);
  EXPECT_EQ(high->width, 320);
  EXPECT_EQ(high->height, 240);
  EXPECT_EQ(high->frame_rate, (Rational{30, 1}));
  EXPECT_EQ(high->reordered, 2u);

  const auto baseline = sps_of(from_hex(testing::kAvcBaseline2997));
  ASSERT_TRUE(baseline);
  EXPECT_EQ(baseline->constraints, 0xc0);
  EXPECT_EQ(baseline->width, 640);
  EXPECT_EQ(baseline->height, 360);  // cropped from 368
  EXPECT_EQ(baseline->frame_rate, (Rational{30'000, 1001}));
  EXPECT_EQ(baseline->sample_aspect, (Rational{4, 3}));
  EXPECT_EQ(baseline->reordered, 0u);

  const auto main = sps_of(from_hex(testing::kAvcMain25));
  ASSERT_TRUE(main);
  EXPECT_EQ(main->width, 1920);
  EXPECT_EQ(main->height, 1080);
  EXPECT_EQ(main->frame_rate, (Rational{25, 1}));
  ASSERT_TRUE(main->colour);
  EXPECT_EQ(main->colour->primaries, 1);
}

TEST(H264Sps, the_test_builder_makes_a_good_one) {
  const auto sps = parse_sps(baseline_sps({}));
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->width, 320);
  EXPECT_EQ(sps->height, 240);
  EXPECT_EQ(sps->frame_rate, (Rational{30, 1}));
}

TEST(H264Sps, says_how_many_pictures_are_reordered_if_the_encoder_does) {
  SpsFields fields;
  EXPECT_EQ(parse_sps(baseline_sps(fields))->reordered, 0u) << "shown in the order of decoding";
  fields.order_type = 0;
  EXPECT_EQ(parse_sps(baseline_sps(fields))->reordered, std::nullopt);
  for (const bool buffers : {false, true}) {
    fields.buffers = buffers;
    fields.reordered = 3;
    EXPECT_EQ(parse_sps(baseline_sps(fields))->reordered, 3u) << buffers;
    fields.reordered = 17;  // more than a decoder holds
    EXPECT_EQ(parse_sps(baseline_sps(fields))->reordered, std::nullopt) << buffers;
  }
}

TEST(H264Sps, B10_impossible_timing_is_no_timing) {
  for (const auto& [units, scale] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0x80000000, 60}, {0, 60}, {1, 0}, {1, 0xffffffff}, {0xffffffff, 0xffffffff}}) {
    SpsFields fields;
    fields.units = units;
    fields.scale = scale;
    const auto sps = parse_sps(baseline_sps(fields));
    ASSERT_TRUE(sps) << units << ' ' << scale;
    const bool half = units == 0xffffffff;  // one frame in two seconds: slow but true
    EXPECT_EQ(sps->frame_rate, half ? (Rational{1, 2}) : Rational{}) << units << ' ' << scale;
  }
}

TEST(H264Sps, B10_sizes_are_bounded) {
  SpsFields huge;
  huge.columns = 0x80000000ULL / 16;
  EXPECT_EQ(parse_sps(baseline_sps(huge)).error(), H264Error::BadSize);
  SpsFields wide;
  wide.columns = 513;
  EXPECT_EQ(parse_sps(baseline_sps(wide)).error(), H264Error::BadSize);
  SpsFields cropped;
  cropped.crop_right = 160;  // in units of two pixels: everything
  EXPECT_EQ(parse_sps(baseline_sps(cropped)).error(), H264Error::BadSize);
  cropped.crop_right = 0xfffffffd;
  EXPECT_EQ(parse_sps(baseline_sps(cropped)).error(), H264Error::BadSize);
}

TEST(H264Sps, B10_a_billion_reference_frames_in_a_cycle_are_refused) {
  SpsFields fields;
  fields.order_type = 1;
  fields.cycle = 3;
  EXPECT_TRUE(parse_sps(baseline_sps(fields)));
  fields.cycle = 1'000'000'000;
  EXPECT_EQ(parse_sps(baseline_sps(fields)).error(), H264Error::BadParameterSet);
}

TEST(H264Sps, every_truncation_is_refused_or_harmless) {
  const auto config = parse_avc_config(from_hex(testing::kAvcHigh30));
  ASSERT_TRUE(config);
  const ByteView sps = config->sps.front();
  for (std::size_t length = 0; length < sps.size(); ++length) {
    const auto parsed = parse_sps(sps.first(length));
    EXPECT_TRUE(!parsed || parsed->width == 320) << length;
  }
  EXPECT_FALSE(parse_sps(sps.first(6)));
}

TEST(ExpGolomb, B10_thirty_two_zeros_are_refused) {
  const Bytes zeros = from_hex("00000000ffffffffff");
  BitReader bits(zeros);
  EXPECT_EQ(bits.ue(), 0u);
  EXPECT_FALSE(bits.ok());
  const Bytes largest = from_hex("00000001fffffffe");
  BitReader most(largest);
  EXPECT_EQ(most.ue(), 0xfffffffeu);
  EXPECT_TRUE(most.ok());
}

TEST(ExpGolomb, signed_values_alternate) {
  const Bytes bytes = from_hex("a642981c");  // ue 0 1 2 3 4 5 …
  BitReader bits(bytes);
  EXPECT_EQ(bits.se(), 0);
  EXPECT_EQ(bits.se(), 1);
  EXPECT_EQ(bits.se(), -1);
  EXPECT_EQ(bits.se(), 2);
}

TEST(H264Config, is_read_and_written_back_the_same) {
  for (const auto hex : {testing::kAvcHigh30, testing::kAvcBaseline2997, testing::kAvcMain25}) {
    const Bytes record = from_hex(hex);
    const auto config = parse_avc_config(record);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->length_size, 4u);
    const auto written = make_avc_config(*config);
    ASSERT_TRUE(written);
    EXPECT_EQ(written->text(), record.text());
  }
}

TEST(H264Config, refuses_what_lacks_something) {
  const Bytes record = from_hex(testing::kAvcHigh30);
  for (std::size_t length = 0; length + 4 < record.size(); ++length) {
    EXPECT_FALSE(parse_avc_config(record.view().first(length))) << length;
  }
  EXPECT_EQ(parse_avc_config(from_hex("0164000dffe000")).error(), H264Error::NoParameterSets);
  EXPECT_EQ(parse_avc_config(from_hex("0264000dffe000")).error(), H264Error::BadParameterSet);
  EXPECT_EQ(parse_avc_config(from_hex("0164000dfee000")).error(), H264Error::BadLength);
  EXPECT_FALSE(make_avc_config({}));
}

TEST(H264Pps, says_which_sps_and_how_entropy_is_coded) {
  const auto high = parse_avc_config(from_hex(testing::kAvcHigh30));
  const auto pps = parse_pps(high->pps.front());
  ASSERT_TRUE(pps);
  EXPECT_EQ(pps->id, 0u);
  EXPECT_TRUE(pps->cabac);
  const auto baseline = parse_avc_config(from_hex(testing::kAvcBaseline2997));
  EXPECT_FALSE(parse_pps(baseline->pps.front())->cabac);
  EXPECT_FALSE(parse_pps(high->sps.front()));
}

TEST(H264Slice, begins_with_its_first_macroblock_and_type) {
  const auto slice = parse_slice_start(from_hex("6588843f"));  // 1 | 0001000 | 1 …
  ASSERT_TRUE(slice);
  EXPECT_EQ(slice->first_macroblock, 0u);
  EXPECT_EQ(slice->type, 7u);
  EXPECT_EQ(slice->pps_id, 0u);
  EXPECT_FALSE(parse_slice_start({}));
  EXPECT_FALSE(parse_slice_start(from_hex("65")));
}

TEST(H264Nal, B9_lengths_of_every_size_are_followed) {
  for (const auto& [hex, size] : std::vector<std::pair<std::string, std::size_t>>{{"0165"
                                                                                   "02419a",
                                                                                   1},
                                                                                  {"000165"
                                                                                   "0002419a",
                                                                                   2},
                                                                                  {"00000165"
                                                                                   "000002419a",
                                                                                   3},
                                                                                  {"0000000165"
                                                                                   "00000002419a",
                                                                                   4}}) {
    const Bytes unit = from_hex(hex);
    const auto nals = split_lengths(unit, size);
    ASSERT_TRUE(nals) << size;
    ASSERT_EQ(nals->size(), 2u);
    EXPECT_EQ(nal_type((*nals)[0]), NalType::Idr);
    EXPECT_EQ((*nals)[1].size(), 2u);
  }
}

TEST(H264Nal, B9_lengths_that_lie_are_refused) {
  EXPECT_EQ(split_lengths(from_hex("0000000565"), 4).error(), H264Error::Truncated);
  EXPECT_EQ(split_lengths(from_hex("ffffffff65"), 4).error(), H264Error::Truncated);
  EXPECT_EQ(split_lengths(from_hex("000000"), 4).error(), H264Error::Truncated);
  EXPECT_EQ(split_lengths(from_hex("00000000"), 4).error(), H264Error::BadLength);
  EXPECT_EQ(split_lengths(from_hex("0165"), 0).error(), H264Error::BadLength);
  EXPECT_EQ(split_lengths(from_hex("0165"), 5).error(), H264Error::BadLength);
}

TEST(H264Nal, start_codes_become_lengths_and_back) {
  const Bytes annex_b = from_hex(
      "0000000109f0"
      "000001"
      "6588"
      "00000000000001"
      "419a00000100");
  const NalUnits nals = split_start_codes(annex_b);
  ASSERT_EQ(nals.size(), 3u);
  const Bytes lengths = join_lengths(nals);
  EXPECT_EQ(text(lengths), text(from_hex("0000000209f0"
                                         "000000026588"
                                         "00000002419a")));
  EXPECT_EQ(text(join_start_codes(*split_lengths(lengths))), text(from_hex("0000000109f0"
                                                                           "000000016588"
                                                                           "00000001419a")));
  EXPECT_TRUE(split_start_codes(from_hex("00000165")).size() == 1);
  EXPECT_TRUE(split_start_codes(from_hex("6588")).empty());
  EXPECT_TRUE(split_start_codes({}).empty());
}

TEST(H264Nal, an_idr_slice_makes_a_key_frame) {
  EXPECT_TRUE(
      is_idr(from_hex("0000000209f0"
                      "0000000165")));
  EXPECT_FALSE(
      is_idr(from_hex("0000000209f0"
                      "0000000141")));
  EXPECT_FALSE(is_idr(from_hex("0000000965")));
}

TEST(H264Nal, escaping_is_undone_by_unescaping) {
  for (const char* hex : {"000000", "000001", "000003", "0000", "00000000000000", "010000020000",
                          "ff0000", "0000ff", "000003000003"}) {
    const Bytes raw = from_hex(hex);
    const std::vector<std::uint8_t> escaped = escape(raw);
    const Bytes kept = Bytes(escaped);
    EXPECT_EQ(kept.text().find(std::string("\0\0\0", 3)), std::string::npos) << hex;
    EXPECT_EQ(kept.text().find(std::string("\0\0\1", 3)), std::string::npos) << hex;
    EXPECT_EQ(text(Bytes(unescape(escaped))), text(raw)) << hex;
  }
}

TEST(H264Capture, time_goes_before_the_first_slice_and_comes_out) {
  const Bytes unit = from_hex(
      "0000000209f0"
      "0000000365aabb"
      "0000000365ccdd");
  for (const std::int64_t micros :
       {std::int64_t{1}, std::int64_t{0x0000010000000300}, std::int64_t{1'800'000'000'123'456}}) {
    const auto marked = with_capture_sei(unit, utc_of(micros));
    ASSERT_TRUE(marked);
    EXPECT_EQ(find_capture(*marked), utc_of(micros));
    const auto nals = split_lengths(*marked);
    ASSERT_EQ(nals->size(), 4u);
    EXPECT_EQ(nal_type((*nals)[0]), NalType::Delimiter);
    EXPECT_EQ(nal_type((*nals)[1]), NalType::Sei);
    EXPECT_EQ(nal_type((*nals)[2]), NalType::Idr);
  }
}

TEST(H264Capture, sei_of_others_is_passed_over) {
  EXPECT_EQ(find_capture(from_hex("0000000365aabb")), std::nullopt);
  EXPECT_EQ(find_capture(from_hex("00000006"
                                  "0605021122"
                                  "80"
                                  "0000000365aabb")),
            std::nullopt);
  EXPECT_EQ(find_capture(from_hex("00000004"
                                  "0605ff80"
                                  "0000000365aabb")),
            std::nullopt);
  // After the first slice it belongs to nothing.
  const Bytes sei = capture_sei(utc_of(5));
  const Bytes slice = from_hex("65aabb");
  EXPECT_EQ(find_capture(join_lengths({slice, sei})), std::nullopt);
  EXPECT_EQ(find_capture(join_lengths({sei, slice})), utc_of(5));
  // Two messages in one SEI.
  const Bytes two = Bytes([&] {
    std::vector<std::uint8_t> bytes = {0x06, 0x01, 0x01, 0x55};
    const ByteView rest = sei.view().subspan(1);
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return bytes;
  }());
  EXPECT_EQ(find_capture(join_lengths({two, slice})), utc_of(5));
}

TEST(H264, every_error_has_a_sentence) {
  for (int i = 0; i <= static_cast<int>(H264Error::TooManySets); ++i) {
    EXPECT_GT(sentence(static_cast<H264Error>(i)).size(), 20u) << i;
  }
}

}  // namespace
}  // namespace butai::media
