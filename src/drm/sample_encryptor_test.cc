#include "drm/sample_encryptor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "drm/testing/keys.h"
#include "drm/text.h"
#include "media/testing/tracks.h"

namespace butai::drm {
namespace {

using media::Scheme;
using media::Subsample;
using media::testing::from_hex;

constexpr std::string_view kNistKey = "2b7e151628aed2a6abf7158809cf4f3c";
constexpr std::string_view kNistPlain =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

media::Track sound() {
  media::Track track;
  track.id = media::kAudioTrack;
  track.codec = media::Codec::Aac;
  track.config = from_hex(media::testing::kAacMono48);
  return track;
}
media::Track picture() {
  media::Track track = media::testing::video_track();
  track.config = from_hex(media::testing::kAvcHigh30);
  return track;
}

std::vector<std::uint8_t> bytes_of(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  return {bytes.view().begin(), bytes.view().end()};
}

ContentKey nist_key(std::string_view iv) {
  ContentKey key;
  key.key = KeyBytes(*from_uuid(kNistKey));
  key.constant_iv = *from_uuid(iv);
  return key;
}

// NIST SP 800-38A F.2.1 (CBC-AES128) and F.5.1 (CTR-AES128).
TEST(SampleEncryptor, cbcs_of_sound_is_cbc_over_whole_blocks) {
  auto encryptor =
      SampleEncryptor::make(sound(), Scheme::Cbcs, nist_key("000102030405060708090a0b0c0d0e0f"));
  ASSERT_TRUE(encryptor);
  auto sample = bytes_of(std::string(kNistPlain) + "aabbcc");
  encryptor->encrypt(sample, {}, 0);
  EXPECT_EQ(to_hex(sample),
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
            "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7aabbcc");
  // The next sample begins with the constant IV again.
  auto again = bytes_of(kNistPlain.substr(0, 32));
  encryptor->encrypt(again, {}, 0);
  EXPECT_EQ(to_hex(again), "7649abac8119b246cee98e9b12e9197d");
}

TEST(SampleEncryptor, cenc_of_sound_is_ctr_over_every_byte) {
  // NIST's counter has a block count that ours never starts with, so the reference is AES itself:
  // the keystream of a zero sample is E(IV ‖ 0), E(IV ‖ 1), …
  auto encryptor = SampleEncryptor::make(sound(), Scheme::Cenc, nist_key(std::string(32, '0')));
  ASSERT_TRUE(encryptor);
  std::vector<std::uint8_t> zeros(40, 0);
  encryptor->encrypt(zeros, {}, 0xf0f1f2f3f4f5f6f7);
  const auto block = [](std::string_view counter) {
    auto ecb = SampleEncryptor::make(sound(), Scheme::Cbcs, nist_key(counter));
    std::vector<std::uint8_t> out(16, 0);
    ecb->encrypt(out, {}, 0);  // CBC of zeros from an IV is AES of the IV
    return to_hex(out);
  };
  EXPECT_EQ(to_hex(zeros), block("f0f1f2f3f4f5f6f70000000000000000") +
                               block("f0f1f2f3f4f5f6f70000000000000001") +
                               block("f0f1f2f3f4f5f6f70000000000000002").substr(0, 16));
}

// Two slices of known headers (6 and 7 bytes), an SEI in front and a NAL unit behind.
std::vector<std::uint8_t> two_slices(std::size_t first, std::size_t second) {
  const auto sized = [](std::vector<std::uint8_t> nal) {
    nal.insert(nal.begin(), {0, 0, static_cast<std::uint8_t>(nal.size() >> 8),
                             static_cast<std::uint8_t>(nal.size())});
    return nal;
  };
  std::vector<std::uint8_t> out = sized(bytes_of("0605aabb80"));
  for (const auto& [header, size] :
       {std::pair{"650522210037", first}, std::pair{"650288884003bf", second}}) {
    auto nal = bytes_of(header);
    for (std::size_t i = 0; i < size; ++i) nal.push_back(static_cast<std::uint8_t>(i * 7 + 1) | 4);
    const auto whole = sized(std::move(nal));
    out.insert(out.end(), whole.begin(), whole.end());
  }
  const auto filler = sized(bytes_of("0cff80"));
  out.insert(out.end(), filler.begin(), filler.end());
  return out;
}

TEST(SampleEncryptor, leaves_length_fields_headers_and_other_units_clear) {
  auto cbcs = SampleEncryptor::make(picture(), Scheme::Cbcs, testing::content_key());
  auto cenc = SampleEncryptor::make(picture(), Scheme::Cenc, testing::content_key());
  ASSERT_TRUE(cbcs && cenc);
  const auto sample = two_slices(100, 37);
  std::vector<Subsample> plan;
  ASSERT_TRUE(cbcs->plan(Bytes(sample), plan));
  EXPECT_EQ(plan, (std::vector<Subsample>{{9 + 4 + 6, 100}, {4 + 7, 37}, {7, 0}}));
  plan.clear();
  ASSERT_TRUE(cenc->plan(Bytes(sample), plan));  // what is no whole block stays clear in front
  EXPECT_EQ(plan, (std::vector<Subsample>{{9 + 4 + 6 + 4, 96}, {4 + 7 + 5, 32}, {7, 0}}));
}

TEST(SampleEncryptor, a_plan_covers_every_byte_of_the_sample) {
  auto encryptor = SampleEncryptor::make(picture(), Scheme::Cenc, testing::content_key());
  ASSERT_TRUE(encryptor);
  for (const std::size_t size : {0, 1, 15, 16, 17, 300, 30'000}) {
    const auto sample = two_slices(size, 31 - size % 16);
    std::vector<Subsample> plan;
    ASSERT_TRUE(encryptor->plan(Bytes(sample), plan));
    std::size_t covered = 0;
    for (const Subsample& s : plan) covered += s.clear + s.encrypted;
    EXPECT_EQ(covered, sample.size());
  }
}

TEST(SampleEncryptor, splits_clear_runs_that_a_box_cannot_say) {
  auto encryptor = SampleEncryptor::make(picture(), Scheme::Cbcs, testing::content_key());
  std::vector<std::uint8_t> sample = {0, 2, 0, 0};
  sample.resize(4 + 0x20000, 0x06);  // one SEI of 128 KiB
  std::vector<Subsample> plan;
  ASSERT_TRUE(encryptor->plan(Bytes(sample), plan));
  EXPECT_EQ(plan, (std::vector<Subsample>{{0xffff, 0}, {0xffff, 0}, {6, 0}}));
}

TEST(SampleEncryptor, cbcs_changes_one_block_of_ten_and_starts_each_slice_anew) {
  auto encryptor = SampleEncryptor::make(picture(), Scheme::Cbcs, testing::content_key());
  ASSERT_TRUE(encryptor);
  for (const std::size_t size : {16, 15, 160, 175, 176, 41'000}) {
    const auto clear = two_slices(size, size);
    std::vector<Subsample> plan;
    ASSERT_TRUE(encryptor->plan(Bytes(clear), plan));
    auto sample = clear;
    encryptor->encrypt(sample, plan, 0);
    std::size_t at = plan[0].clear;
    for (std::size_t block = 0; (block + 1) * 16 <= size; ++block) {
      const bool same =
          std::equal(sample.begin() + at + block * 16, sample.begin() + at + block * 16 + 16,
                     clear.begin() + at + block * 16);
      EXPECT_EQ(same, block % 10 != 0) << size << " " << block;
    }
    testing::decrypt(sample, plan, Scheme::Cbcs, testing::content_key(), 0);
    EXPECT_EQ(sample, clear) << size;
  }
}

TEST(SampleEncryptor, cenc_keystream_runs_on_over_the_slices_of_a_sample) {
  auto encryptor = SampleEncryptor::make(picture(), Scheme::Cenc, testing::content_key());
  ASSERT_TRUE(encryptor);
  const auto clear = two_slices(5000, 333);
  std::vector<Subsample> plan;
  ASSERT_TRUE(encryptor->plan(Bytes(clear), plan));
  auto sample = clear;
  encryptor->encrypt(sample, plan, 42);
  EXPECT_NE(sample, clear);
  testing::decrypt(sample, plan, Scheme::Cenc, testing::content_key(), 42);
  EXPECT_EQ(sample, clear);
}

TEST(SampleEncryptor, sound_comes_back_as_well) {
  for (const Scheme scheme : {Scheme::Cbcs, Scheme::Cenc}) {
    const ContentKey key = testing::content_key(TrackUse::Audio);
    auto encryptor = SampleEncryptor::make(sound(), scheme, key);
    ASSERT_TRUE(encryptor);
    for (const std::size_t size : {0, 1, 15, 16, 17, 31, 400}) {
      std::vector<std::uint8_t> clear(size);
      for (std::size_t i = 0; i < size; ++i) clear[i] = static_cast<std::uint8_t>(i * 3);
      auto sample = clear;
      encryptor->encrypt(sample, {}, 9);
      EXPECT_TRUE(size < 16 || sample != clear);
      EXPECT_TRUE(testing::decrypt(sample, {}, scheme, key, 9, media::Codec::Aac));
      EXPECT_EQ(sample, clear) << size;
    }
  }
}

TEST(SampleDecryptor, refuses_subsamples_that_are_not_those_of_the_sample) {
  const ContentKey key = testing::content_key();
  const std::vector<std::uint8_t> clear(100, 7);
  for (const std::vector<Subsample>& wrong :
       {std::vector<Subsample>{}, {{50, 49}}, {{50, 51}}, {{0xffff, 0xffffffff}}}) {
    auto sample = clear;
    EXPECT_FALSE(testing::decrypt(sample, wrong, Scheme::Cbcs, key, 0));
    EXPECT_EQ(sample, clear) << "and leaves it as it was";
  }
  auto sample = clear;
  const std::vector<Subsample> whole{{50, 50}};
  EXPECT_FALSE(testing::decrypt(sample, whole, Scheme::Cenc, key, 0, media::Codec::Aac));
}

// The same slice has another header under parameter sets with deblocking control.
TEST(SampleEncryptor, follows_parameter_sets_that_change_in_mid_way) {
  media::Track baseline = picture();
  baseline.config =
      from_hex("0142c00dffe100186742c00dd90141fb0110000003001000000303c0f142a48001000568cb83cb20");
  auto encryptor = SampleEncryptor::make(baseline, Scheme::Cbcs, testing::content_key());
  ASSERT_TRUE(encryptor);
  const std::string slice = "00000018419a5413c9" + std::string(38, 'a');
  const std::string sets =
      "000000196764000dacd94141fb0110000003001000000303c0f1429960"
      "0000000668ebe3cb22c0";
  std::vector<Subsample> before, changed, later;
  ASSERT_TRUE(encryptor->plan(from_hex(slice), before));
  ASSERT_TRUE(encryptor->plan(from_hex(sets + slice), changed));
  ASSERT_TRUE(encryptor->plan(from_hex(slice), later));
  ASSERT_EQ(before.size(), 1u);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].clear, sets.size() / 2 + later[0].clear);
  EXPECT_NE(before[0].clear, later[0].clear) << "the new sets stay in force";
}

TEST(SampleEncryptor, refuses_what_it_could_only_leave_in_clear) {
  auto encryptor = SampleEncryptor::make(picture(), Scheme::Cbcs, testing::content_key());
  std::vector<Subsample> plan;
  const auto error_of = [&](std::string_view hex) {
    const auto planned = encryptor->plan(from_hex(hex), plan);
    return planned ? DrmError::NoCipher : planned.error();
  };
  EXPECT_EQ(error_of("0000000565"), DrmError::BadUnit);             // runs off the end
  EXPECT_EQ(error_of("00000000"), DrmError::BadUnit);               // a unit of nothing
  EXPECT_EQ(error_of("000000026500"), DrmError::BadSlice);          // a header that ends too early
  EXPECT_EQ(error_of("0000000362888427"), DrmError::UnknownSlice);  // data partition A
  std::vector<std::uint8_t> many;
  for (int i = 0; i < 41; ++i) {
    const auto slice = bytes_of("0000001865052221003700112233445566778899aabbccddeeff0011");
    many.insert(many.end(), slice.begin(), slice.end());
  }
  const auto planned = encryptor->plan(Bytes(many), plan);
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error(), DrmError::TooManySlices);
  EXPECT_TRUE(plan.empty());
}

}  // namespace
}  // namespace butai::drm
