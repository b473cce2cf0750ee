// The messages of an SEI NAL unit, one after the other.
// Flow:   NAL unit of type 6 -> read_sei -> captions.cc, h264_nal.cc
// Thread: pure function, any.
// Limits: kSeiBytesMax of the unit; what lies behind is somebody else's and not worth copying.
// Spec:   ITU-T H.264 (08/2021) clause 7.3.2.3.1.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "media/byte_reader.h"
#include "media/h264.h"

namespace butai::media {

inline constexpr std::size_t kSeiBytesMax = 1024;

// payloadType and payloadSize: FF bytes add 255 each.
inline std::uint32_t read_sei_number(ByteReader& reader) {
  std::uint32_t value = 0;
  std::uint8_t byte = 0xff;
  while (byte == 0xff && reader.ok()) {
    byte = reader.u8();
    value += byte;
  }
  return value;
}

// Calls `take(type, payload)` for each message until it returns false.
template <class Take>
void read_sei(ByteView nal, Take take) {
  if (nal.size() < 2) return;
  const std::vector<std::uint8_t> rbsp = unescape(nal.first(std::min(nal.size(), kSeiBytesMax)));
  ByteReader reader(ByteView{rbsp}.subspan(1));
  while (reader.ok() && reader.left() > 1) {  // the last byte is the trailing bit
    const std::uint32_t type = read_sei_number(reader);
    const std::uint32_t size = read_sei_number(reader);
    const ByteView payload = reader.bytes(size);
    if (!reader.ok() || !take(type, ByteReader(payload))) return;
  }
}

}  // namespace butai::media
