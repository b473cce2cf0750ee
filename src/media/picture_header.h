// What a still picture says of itself before anybody decodes it: its kind and its size. For pictures that
// browsers will decode; nothing is decoded here.
// Flow:   api/ (an event's artwork) -> inspect_picture -> kept, or refused with a sentence
// Thread: pure, any.
// Limits: the caller gives the largest length it takes; sides by media/limits.h.
// Spec:   ISO/IEC 15948:2004 (PNG) clauses 5 and 11.2; RFC 9649 (WebP) section 2; JPEG by jpeg.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.h"

namespace butai::media {

enum class PictureKind : std::uint8_t { Jpeg, Png, Webp };
std::string_view media_type(PictureKind kind);  // image/jpeg, …

struct PictureHeader {
  PictureKind kind = PictureKind::Jpeg;
  std::uint32_t width = 0, height = 0;  // pixels
};

enum class PictureError : std::uint8_t {
  UnknownKind,  // begins like none of the three
  TooLong,      // longer than the caller takes
  Broken,       // its header is no good, or its end is missing
  BadSize,      // a side outside kArtworkSideMin … kArtworkSideMax
};
std::string_view sentence(PictureError error);

std::expected<PictureHeader, PictureError> inspect_picture(ByteView bytes, std::size_t length_max);

}  // namespace butai::media
