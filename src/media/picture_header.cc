#include "media/picture_header.h"

#include <algorithm>
#include <array>
#include <optional>

#include "media/jpeg.h"
#include "media/limits.h"

namespace butai::media {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr std::size_t kPngHeader = 8 + 8 + 13 + 4;  // signature, IHDR with its length and CRC
constexpr std::size_t kPngEnd = 12;                 // IEND is empty
constexpr std::size_t kRiffHeader = 12;             // RIFF, size, WEBP
constexpr std::size_t kWebpHeader = 30;             // and the longest of the three first chunks

std::uint32_t big(ByteView bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[at + static_cast<std::size_t>(i)];
  return value;
}

std::uint32_t little(ByteView bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | bytes[at + static_cast<std::size_t>(i)];
  return value;
}

bool reads(ByteView bytes, std::size_t at, std::string_view word) {
  return bytes.size() >= at + word.size() && as_text(bytes.subspan(at, word.size())) == word;
}

std::optional<PictureHeader> png(ByteView bytes) {
  if (bytes.size() < kPngHeader + kPngEnd || big(bytes, 8, 4) != 13 || !reads(bytes, 12, "IHDR") ||
      !reads(bytes, bytes.size() - 8, "IEND") || big(bytes, bytes.size() - kPngEnd, 4) != 0) {
    return std::nullopt;
  }
  return PictureHeader{PictureKind::Png, big(bytes, 16, 4), big(bytes, 20, 4)};
}

std::optional<PictureHeader> webp(ByteView bytes) {
  // A RIFF file is padded to an even length, and its size does not count the first eight bytes.
  const std::size_t length = bytes.size();
  if (length < kWebpHeader || std::size_t{little(bytes, 4, 4)} + 8 != length) return std::nullopt;
  PictureHeader header{PictureKind::Webp, 0, 0};
  if (reads(bytes, kRiffHeader, "VP8X")) {
    header.width = little(bytes, 24, 3) + 1;
    header.height = little(bytes, 27, 3) + 1;
  } else if (reads(bytes, kRiffHeader, "VP8L") && bytes[20] == 0x2f) {
    const std::uint32_t sides = little(bytes, 21, 4);
    header.width = (sides & 0x3fff) + 1;
    header.height = (sides >> 14 & 0x3fff) + 1;
  } else if (reads(bytes, kRiffHeader, "VP8 ") && reads(bytes, 23, "\x9d\x01\x2a")) {
    header.width = little(bytes, 26, 2) & 0x3fff;
    header.height = little(bytes, 28, 2) & 0x3fff;
  } else {
    return std::nullopt;
  }
  return header;
}

std::optional<PictureHeader> jpeg(ByteView bytes) {
  const auto info = inspect_jpeg(bytes, bytes.size());
  if (!info) return std::nullopt;
  return PictureHeader{PictureKind::Jpeg, info->width, info->height};
}

bool fits(std::uint32_t side) { return side >= kArtworkSideMin && side <= kArtworkSideMax; }

}  // namespace

std::string_view media_type(PictureKind kind) {
  constexpr std::array<std::string_view, 3> kTypes{"image/jpeg", "image/png", "image/webp"};
  return kTypes.at(static_cast<std::size_t>(kind));
}

std::string_view sentence(PictureError error) {
  switch (error) {
    case PictureError::UnknownKind:
      return "Send a JPEG, PNG or WebP.";
    case PictureError::TooLong:
      return "The picture is too long; 2 MiB are the most.";
    case PictureError::Broken:
      return "The picture is broken or not whole.";
    case PictureError::BadSize:
      break;
  }
  return "Each side of the picture must have 200 to 4096 pixels.";
}

std::expected<PictureHeader, PictureError> inspect_picture(ByteView bytes, std::size_t length_max) {
  if (bytes.size() > length_max) return std::unexpected(PictureError::TooLong);
  std::optional<PictureHeader> header;
  if (looks_like_jpeg(bytes)) {
    header = jpeg(bytes);
  } else if (reads(bytes, 0, kPngSignature)) {
    header = png(bytes);
  } else if (reads(bytes, 0, "RIFF") && reads(bytes, 8, "WEBP")) {
    header = webp(bytes);
  } else {
    return std::unexpected(PictureError::UnknownKind);
  }
  if (!header) return std::unexpected(PictureError::Broken);
  if (!fits(header->width) || !fits(header->height)) {
    return std::unexpected(PictureError::BadSize);
  }
  return *header;
}

}  // namespace butai::media
