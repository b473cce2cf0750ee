#include "media/jpeg.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "media/limits.h"

namespace butai::media {
namespace {

constexpr std::size_t kLengthMax = 4u << 20;
using Raw = std::vector<std::uint8_t>;

Raw segment(std::uint8_t marker, const Raw& payload) {
  const std::size_t length = payload.size() + 2;
  Raw out = {0xff, marker, static_cast<std::uint8_t>(length >> 8),
             static_cast<std::uint8_t>(length)};
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Raw frame_header(std::uint8_t marker, unsigned width, unsigned height, std::uint8_t precision = 8,
                 std::uint8_t components = 3) {
  Raw payload = {precision,
                 static_cast<std::uint8_t>(height >> 8),
                 static_cast<std::uint8_t>(height),
                 static_cast<std::uint8_t>(width >> 8),
                 static_cast<std::uint8_t>(width),
                 components};
  for (std::uint8_t i = 1; i <= components; ++i) payload.insert(payload.end(), {i, 0x11, 0});
  return segment(marker, payload);
}

// SOI, the pieces, a scan of a few bytes, EOI.
Raw jpeg(std::initializer_list<Raw> pieces) {
  Raw out = {0xff, 0xd8};
  for (const Raw& piece : pieces) out.insert(out.end(), piece.begin(), piece.end());
  const Raw scan = segment(0xda, {1, 1, 0, 0, 63, 0});
  out.insert(out.end(), scan.begin(), scan.end());
  out.insert(out.end(), {0x12, 0x34, 0xff, 0x00, 0x56, 0xff, 0xd9});
  return out;
}

Raw usual() { return jpeg({segment(0xe0, Raw(14)), frame_header(0xc0, 640, 480)}); }

JpegError error_of(const Raw& bytes, std::size_t length_max = kLengthMax) {
  const auto info = inspect_jpeg(bytes, length_max);
  EXPECT_FALSE(info);
  return info ? JpegError::NotJpeg : info.error();
}

TEST(Jpeg, reads_the_size_of_baseline_extended_and_progressive) {
  for (const std::uint8_t marker : {0xc0, 0xc1, 0xc2}) {
    const auto info = inspect_jpeg(jpeg({frame_header(marker, 1280, 720)}), kLengthMax);
    ASSERT_TRUE(info) << int{marker};
    EXPECT_EQ(info->width, 1280);
    EXPECT_EQ(info->height, 720);
    EXPECT_EQ(info->captured, Utc{});
  }
}

TEST(Jpeg, refuses_other_codings) {
  for (const std::uint8_t marker : {0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf}) {
    EXPECT_EQ(error_of(jpeg({frame_header(marker, 640, 480)})), JpegError::Unsupported)
        << int{marker};
  }
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 640, 480, 12)})), JpegError::Unsupported);
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 640, 480, 8, 4)})), JpegError::Unsupported);
}

TEST(Jpeg, tables_are_no_frame_headers) {
  EXPECT_TRUE(inspect_jpeg(
      jpeg({segment(0xdb, Raw(65)), segment(0xc4, Raw(20)), frame_header(0xc0, 64, 64)}),
      kLengthMax));
}

TEST(Jpeg, bounds_the_size) {
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 15, 480)})), JpegError::BadSize);
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 640, 0)})), JpegError::BadSize);
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 8193, 480)})), JpegError::BadSize);
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 65535, 65535)})), JpegError::BadSize);
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 8192, 4321)})), JpegError::BadSize);
  EXPECT_TRUE(inspect_jpeg(jpeg({frame_header(0xc0, 16, 8192)}), kLengthMax));
  EXPECT_TRUE(inspect_jpeg(jpeg({frame_header(0xc0, 7680, 4320)}), kLengthMax));
}

TEST(Jpeg, bounds_the_length) {
  const Raw bytes = usual();
  EXPECT_TRUE(inspect_jpeg(bytes, bytes.size()));
  EXPECT_EQ(error_of(bytes, bytes.size() - 1), JpegError::TooLong);
}

TEST(Jpeg, refuses_what_is_none) {
  EXPECT_EQ(error_of({}), JpegError::NotJpeg);
  EXPECT_EQ(error_of({0xff}), JpegError::NotJpeg);
  EXPECT_EQ(error_of({0x89, 'P', 'N', 'G'}), JpegError::NotJpeg);
  EXPECT_EQ(error_of({0xff, 0xd8, 0x00, 0x11}), JpegError::BadMarker);
  EXPECT_EQ(error_of({0xff, 0xd8, 0xff, 0xd9}), JpegError::BadMarker);
  EXPECT_EQ(error_of({0xff, 0xd8, 0xff, 0xe0, 0x00, 0x01}), JpegError::BadMarker);
}

TEST(Jpeg, refuses_every_truncation) {
  const Raw bytes = usual();
  for (std::size_t length = 2; length < bytes.size(); ++length) {
    const auto info = inspect_jpeg(ByteView{bytes}.first(length), kLengthMax);
    ASSERT_FALSE(info) << length;
    EXPECT_EQ(info.error(), JpegError::Truncated) << length;
  }
}

TEST(Jpeg, forgives_padding_after_the_end) {
  Raw bytes = usual();
  bytes.resize(bytes.size() + 500);
  EXPECT_TRUE(inspect_jpeg(bytes, kLengthMax));
  bytes.resize(bytes.size() + kJpegTrailerMax);
  EXPECT_EQ(error_of(bytes), JpegError::Truncated);
}

TEST(Jpeg, needs_exactly_one_frame_header) {
  EXPECT_EQ(error_of(jpeg({})), JpegError::NoFrameHeader);
  EXPECT_EQ(error_of(jpeg({frame_header(0xc0, 64, 64), frame_header(0xc0, 64, 64)})),
            JpegError::NoFrameHeader);
}

TEST(Jpeg, bounds_the_number_of_segments) {
  Raw many = {0xff, 0xd8};
  for (int i = 0; i < 2000; ++i) many.insert(many.end(), {0xff, 0xe1, 0, 2});
  EXPECT_EQ(error_of(many), JpegError::TooManySegments);
}

TEST(Jpeg, capture_time_goes_in_and_comes_out) {
  const Utc captured = utc_of(1'800'000'000'123'456);
  const Raw bytes = usual();
  const Bytes marked = add_capture_comment(bytes, captured);
  const auto info = inspect_jpeg(marked, kLengthMax);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->captured, captured);
  EXPECT_EQ(info->width, 640);
  // JFIF's segment is still the first.
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + 20, marked.data()));
  EXPECT_EQ(marked.size(),
            bytes.size() + 4 + std::string("butai-capture-us=1800000000123456").size());
}

TEST(Jpeg, the_last_capture_comment_counts_and_strange_ones_do_not) {
  const auto comment = [](const std::string& text) {
    return segment(0xfe, Raw(text.begin(), text.end()));
  };
  const auto info = [&](const std::string& text) {
    return inspect_jpeg(
        jpeg({comment("butai-capture-us=5"), comment(text), frame_header(0xc0, 64, 64)}),
        kLengthMax);
  };
  EXPECT_EQ(info("butai-capture-us=7")->captured, utc_of(7));
  for (const char* text : {"butai-capture-us=", "butai-capture-us=-7", "butai-capture-us=7 ",
                           "butai-capture-us=99999999999999999999", "Lavc59.37.100"}) {
    EXPECT_EQ(info(text)->captured, utc_of(5)) << text;
  }
}

TEST(Jpeg, marking_what_is_no_jpeg_changes_nothing) {
  EXPECT_EQ(add_capture_comment(as_bytes("hello"), utc_of(1)).text(), "hello");
}

TEST(Jpeg, every_error_has_a_sentence) {
  for (int i = 0; i <= static_cast<int>(JpegError::BadSize); ++i) {
    EXPECT_GT(sentence(static_cast<JpegError>(i)).size(), 20u) << i;
  }
}

}  // namespace
}  // namespace butai::media
