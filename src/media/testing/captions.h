// Pictures with captions in their bytes, for tests.
#pragma once

#include <cstdint>
#include <vector>

#include "media/h264.h"
#include "media/sei_reader.h"

namespace butai::media::testing {

// One cc_data triplet: cc_type 0 and 1 are the fields of CEA-608, 3 begins a DTVCC packet.
struct Triplet {
  std::uint8_t type, first, second;
  friend bool operator==(const Triplet&, const Triplet&) = default;
};

// An SEI NAL unit with them, as ATSC A/53 puts them into H.264.
inline Bytes caption_sei(const std::vector<Triplet>& triplets) {
  std::vector<std::uint8_t> rbsp = {
      6,   4, static_cast<std::uint8_t>(11 + 3 * triplets.size()), 0xb5, 0x00, 0x31, 'G', 'A', '9',
      '4', 3};
  rbsp.push_back(static_cast<std::uint8_t>(0xc0 | triplets.size()));
  rbsp.push_back(0xff);
  for (const Triplet& each : triplets) {
    rbsp.push_back(static_cast<std::uint8_t>(0xf8 | 4 | each.type));
    rbsp.push_back(each.first);
    rbsp.push_back(each.second);
  }
  rbsp.push_back(0xff);  // marker_bits
  rbsp.push_back(0x80);
  return Bytes(escape(rbsp));
}

// The access unit (4-byte lengths) with that SEI in front.
inline Bytes with_captions(ByteView unit, const std::vector<Triplet>& triplets) {
  auto nals = split_lengths(unit).value();
  const Bytes sei = caption_sei(triplets);
  nals.insert(nals.begin(), sei.view());
  return join_lengths(nals);
}

// The triplets that mean something in an access unit, in order.
inline std::vector<Triplet> captions_in(ByteView unit) {
  std::vector<Triplet> found;
  const NalUnits nals = split_lengths(unit).value();
  for (const ByteView nal : nals) {
    if (nal_type(nal) != NalType::Sei) continue;
    read_sei(nal, [&found](std::uint32_t type, ByteReader payload) {
      constexpr std::size_t kHead = 10;  // up to em_data
      if (type != 4 || payload.left() < kHead) return true;
      payload.skip(8);
      const int count = payload.u8() & 0x1f;
      payload.skip(1);
      for (int i = 0; i < count; ++i) {
        const std::uint8_t head = payload.u8(), first = payload.u8(), second = payload.u8();
        if ((head & 4) != 0) found.push_back({static_cast<std::uint8_t>(head & 3), first, second});
      }
      return true;
    });
  }
  return found;
}

}  // namespace butai::media::testing
