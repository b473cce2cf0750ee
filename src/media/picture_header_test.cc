#include "media/picture_header.h"

#include <gtest/gtest.h>

#include <string>

#include "media/limits.h"

namespace butai::media {
namespace {

constexpr std::size_t kLengthMax = 1u << 20;

std::string big(std::uint32_t value, int count) {
  std::string out;
  for (int i = count; i-- > 0;) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string little(std::uint32_t value, int count) {
  const std::string out = big(value, count);
  return {out.rbegin(), out.rend()};
}

std::string png(std::uint32_t width, std::uint32_t height) {
  return "\x89PNG\r\n\x1a\n" + big(13, 4) + "IHDR" + big(width, 4) + big(height, 4) +
         std::string("\x08\x02\x00\x00\x00", 5) + big(0, 4) + big(0, 4) + "IEND" +
         big(0xae426082, 4);
}

std::string riff(const std::string& chunks) {
  std::string body = "WEBP" + chunks;
  body.resize(std::max<std::size_t>(body.size(), 22));
  return "RIFF" + little(static_cast<std::uint32_t>(body.size()), 4) + body;
}
std::string lossy(std::uint32_t width, std::uint32_t height) {
  return riff("VP8 " + little(10, 4) + std::string("\x10\x02\x00", 3) + "\x9d\x01\x2a" +
              little(width, 2) + little(height, 2));
}
std::string lossless(std::uint32_t width, std::uint32_t height) {
  return riff("VP8L" + little(5, 4) + "\x2f" + little((width - 1) | (height - 1) << 14, 4));
}
std::string extended(std::uint32_t width, std::uint32_t height) {
  return riff("VP8X" + little(10, 4) + std::string(4, '\0') + little(width - 1, 3) +
              little(height - 1, 3));
}

std::expected<PictureHeader, PictureError> inspect(const std::string& bytes) {
  return inspect_picture(as_bytes(bytes), kLengthMax);
}

TEST(PictureHeader, each_kind_tells_its_size) {
  for (const auto& [bytes, kind] :
       {std::pair{png(640, 360), PictureKind::Png}, std::pair{lossy(640, 360), PictureKind::Webp},
        std::pair{lossless(640, 360), PictureKind::Webp},
        std::pair{extended(640, 360), PictureKind::Webp}}) {
    const auto header = inspect(bytes);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->kind, kind);
    EXPECT_EQ(header->width, 640u);
    EXPECT_EQ(header->height, 360u);
  }
}

TEST(PictureHeader, sides_have_bounds) {
  for (const auto make : {&png, &lossy, &lossless, &extended}) {
    EXPECT_TRUE(inspect(make(kArtworkSideMin, kArtworkSideMax)));
    EXPECT_EQ(inspect(make(kArtworkSideMin - 1, 400)).error(), PictureError::BadSize);
    EXPECT_EQ(inspect(make(400, kArtworkSideMax + 1)).error(), PictureError::BadSize);
  }
}

TEST(PictureHeader, half_a_picture_is_broken_wherever_it_was_cut) {
  for (const std::string& whole : {png(640, 360), lossy(640, 360), extended(640, 360)}) {
    for (std::size_t length = 12; length < whole.size(); ++length) {
      EXPECT_EQ(inspect(whole.substr(0, length)).error(), PictureError::Broken) << length;
    }
  }
}

TEST(PictureHeader, what_is_no_picture_or_too_long_is_told_so) {
  EXPECT_EQ(inspect("").error(), PictureError::UnknownKind);
  EXPECT_EQ(inspect("<svg xmlns='http://www.w3.org/2000/svg'/>").error(),
            PictureError::UnknownKind);
  EXPECT_EQ(inspect("GIF89a").error(), PictureError::UnknownKind);
  EXPECT_EQ(inspect("\xff\xd8\xff").error(), PictureError::Broken);
  const std::string bytes = png(640, 360);
  EXPECT_EQ(inspect_picture(as_bytes(bytes), bytes.size() - 1).error(), PictureError::TooLong);
}

}  // namespace
}  // namespace butai::media
