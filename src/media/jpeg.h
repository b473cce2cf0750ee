// What the server must know of a JPEG before it hands it on: that it is one, whole, and how large.
// Nothing is decoded; pixels are the worker's business.
// Flow:   ingest (a binary message) -> inspect_jpeg -> media::Picture;  butai publish ->
// add_capture_comment Thread: pure functions, any. Limits: media/limits.h; the caller gives the
// largest length it takes. Spec:   ITU-T T.81 (1992) annex B. Capture time is a COM segment
// "butai-capture-us=<microseconds of UTC>".
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace butai::media {

struct JpegInfo {
  std::uint16_t width = 0, height = 0;  // pixels
  Utc captured{};                       // from our COM segment; epoch: the picture does not say
};

enum class JpegError : std::uint8_t {
  NotJpeg,    // does not begin with SOI
  TooLong,    // longer than the caller takes
  Truncated,  // ends inside a segment, or no EOI near the end
  BadMarker,  // something else where a marker must be
  TooManySegments,
  NoFrameHeader,  // SOS before any SOF, or two of them
  Unsupported,    // lossless, hierarchical or arithmetic coding; not 8 bits; not 1 or 3 components
  BadSize,        // dimensions outside the limits
};
// For a person: what is wrong and what to send instead.
std::string_view sentence(JpegError error);

// Whether a message may be a JPEG at all: FF D8.
inline bool looks_like_jpeg(ByteView bytes) {
  return bytes.size() >= 2 && bytes[0] == 0xff && bytes[1] == 0xd8;
}

std::expected<JpegInfo, JpegError> inspect_jpeg(ByteView jpeg, std::size_t length_max);

// The same picture with its capture time as a COM segment after the leading APP segments. What is
// not a JPEG comes back unchanged.
Bytes add_capture_comment(ByteView jpeg, Utc captured);

}  // namespace butai::media
