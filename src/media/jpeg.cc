#include "media/jpeg.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "media/byte_reader.h"
#include "media/limits.h"

namespace butai::media {
namespace {

constexpr std::string_view kCapturePrefix = "butai-capture-us=";

constexpr std::uint8_t kSoi = 0xd8, kEoi = 0xd9, kSos = 0xda, kCom = 0xfe;
constexpr std::uint8_t kApp0 = 0xe0, kApp15 = 0xef;

// SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC).
bool is_frame_header(std::uint8_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// Markers that stand alone, without a length: TEM and RST0..RST7.
bool stands_alone(std::uint8_t marker) {
  return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

struct Marked {
  std::uint8_t marker = 0;
  ByteView payload;
};

// The next marker segment, or why there is none. FF may be repeated before a marker (B.1.1.2).
std::expected<Marked, JpegError> next_segment(ByteReader& reader) {
  if (reader.u8() != 0xff) {
    return std::unexpected(reader.ok() ? JpegError::BadMarker : JpegError::Truncated);
  }
  std::uint8_t marker = 0xff;
  while (marker == 0xff && reader.ok()) marker = reader.u8();
  if (!reader.ok()) return std::unexpected(JpegError::Truncated);
  if (marker == 0 || marker == kSoi || marker == kEoi) return std::unexpected(JpegError::BadMarker);
  if (stands_alone(marker)) return Marked{marker, {}};
  const std::uint16_t length = reader.u16();
  if (reader.ok() && length < 2) return std::unexpected(JpegError::BadMarker);
  const ByteView payload = reader.bytes(length < 2 ? 0 : length - 2u);
  if (!reader.ok()) return std::unexpected(JpegError::Truncated);
  return Marked{marker, payload};
}

std::expected<JpegInfo, JpegError> read_frame_header(const Marked& segment) {
  if (segment.marker > 0xc2) return std::unexpected(JpegError::Unsupported);
  ByteReader reader(segment.payload);
  const std::uint8_t precision = reader.u8();
  JpegInfo info;
  info.height = reader.u16();
  info.width = reader.u16();
  const std::uint8_t components = reader.u8();
  reader.skip(components * std::size_t{3});
  if (!reader.ok()) return std::unexpected(JpegError::Truncated);
  if (precision != 8 || (components != 1 && components != 3)) {
    return std::unexpected(JpegError::Unsupported);
  }
  const auto fits = [](std::uint16_t side) {
    return side >= kPictureSideMin && side <= kPictureSideMax;
  };
  if (!fits(info.width) || !fits(info.height) ||
      std::uint64_t{info.width} * info.height > kPicturePixelsMax) {
    return std::unexpected(JpegError::BadSize);
  }
  return info;
}

std::optional<Utc> read_capture(ByteView comment) {
  std::string_view text = as_text(comment);
  if (!text.starts_with(kCapturePrefix)) return std::nullopt;
  text.remove_prefix(kCapturePrefix.size());
  std::int64_t micros = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), micros);
  if (error != std::errc{} || end != text.data() + text.size() || micros <= 0) return std::nullopt;
  return utc_of(micros);
}

bool ends_with_eoi(ByteView scan) {
  const ByteView end = scan.last(std::min(scan.size(), kJpegTrailerMax));
  constexpr std::uint8_t kEnd[] = {0xff, kEoi};
  return !std::ranges::search(end, kEnd).empty();
}

}  // namespace

std::string_view sentence(JpegError error) {
  switch (error) {
    case JpegError::NotJpeg:
      return "the message is not a JPEG: it must begin with FF D8";
    case JpegError::TooLong:
      return "the JPEG is too long: lower its quality or its size";
    case JpegError::Truncated:
      return "the JPEG is cut off: send each picture whole, in one message";
    case JpegError::BadMarker:
      return "the JPEG is broken: bytes where a marker must be";
    case JpegError::TooManySegments:
      return "the JPEG has more than 1024 segments before its picture";
    case JpegError::NoFrameHeader:
      return "the JPEG needs exactly one frame header before its scan";
    case JpegError::Unsupported:
      return "this kind of JPEG is not taken: send baseline or progressive, 8 bits, grey or colour";
    case JpegError::BadSize:
      return "the JPEG must have 16 to 8192 pixels a side and at most 33 million in all";
  }
  return "the JPEG cannot be used";
}

std::expected<JpegInfo, JpegError> inspect_jpeg(ByteView jpeg, std::size_t length_max) {
  if (!looks_like_jpeg(jpeg)) return std::unexpected(JpegError::NotJpeg);
  if (jpeg.size() > length_max) return std::unexpected(JpegError::TooLong);
  ByteReader reader(jpeg);
  reader.skip(2);
  std::optional<JpegInfo> frame;
  Utc captured{};
  for (std::size_t count = 0; count < kJpegSegmentsMax; ++count) {
    const auto segment = next_segment(reader);
    if (!segment) return std::unexpected(segment.error());
    if (is_frame_header(segment->marker)) {
      if (frame) return std::unexpected(JpegError::NoFrameHeader);
      const auto read = read_frame_header(*segment);
      if (!read) return std::unexpected(read.error());
      frame = *read;
    } else if (segment->marker == kCom) {
      captured = read_capture(segment->payload).value_or(captured);
    } else if (segment->marker == kSos) {
      if (!frame) return std::unexpected(JpegError::NoFrameHeader);
      if (!ends_with_eoi(reader.rest())) return std::unexpected(JpegError::Truncated);
      frame->captured = captured;
      return *frame;
    }
  }
  return std::unexpected(JpegError::TooManySegments);
}

Bytes add_capture_comment(ByteView jpeg, Utc captured) {
  if (!looks_like_jpeg(jpeg)) return Bytes::copy_of(jpeg);
  // JFIF and Exif want their APP segments first.
  ByteReader reader(jpeg);
  reader.skip(2);
  std::size_t at = reader.position();
  for (auto segment = next_segment(reader);
       segment && segment->marker >= kApp0 && segment->marker <= kApp15;
       segment = next_segment(reader)) {
    at = reader.position();
  }
  const std::string text = fmt::format("{}{}", kCapturePrefix, micros_of(captured));
  const std::size_t length = text.size() + 2;
  std::vector<std::uint8_t> out;
  out.reserve(jpeg.size() + length + 2);
  out.insert(out.end(), jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(at));
  out.insert(out.end(), {0xff, kCom, static_cast<std::uint8_t>(length >> 8),
                         static_cast<std::uint8_t>(length)});
  out.insert(out.end(), text.begin(), text.end());
  out.insert(out.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at), jpeg.end());
  return Bytes(std::move(out));
}

}  // namespace butai::media
