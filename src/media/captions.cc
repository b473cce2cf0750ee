#include "media/captions.h"

#include "media/byte_reader.h"
#include "media/h264.h"
#include "media/sei_reader.h"

namespace butai::media {
namespace {

constexpr std::uint32_t kRegisteredUserData = 4;  // payloadType, table D.1 of H.264
constexpr std::uint8_t kUnitedStates = 0xb5;
constexpr std::uint16_t kAtsc = 0x0031;
constexpr std::uint32_t kGa94 = 0x47413934;
constexpr std::uint8_t kCaptionData = 3;

// A control code names its channel; text has none of its own (CTA-608-E table 52). XDS, which shares the
// second field, begins lower.
void take_line(std::uint8_t first, int field, CaptionChannels& found) {
  constexpr std::uint8_t kParity = 0x80, kControl = 0x10, kSecondChannel = 0x08;
  first &= static_cast<std::uint8_t>(~kParity);
  if (first < kControl || first > 0x1f) return;
  const int line = 2 * field + ((first & kSecondChannel) != 0 ? 1 : 0);
  found.lines |= static_cast<std::uint8_t>(1 << line);
}

// The header of the packet's first service block is its second byte.
void take_packet_start(std::uint8_t block, CaptionChannels& found) {
  const int service = block >> 5, size = block & 0x1f;
  constexpr int kExtended = 7;
  if (service == 0 || service == kExtended || size == 0) return;
  found.services |= std::uint64_t{1} << service;
}

void take_user_data(ByteReader payload, CaptionChannels& found) {
  if (payload.u8() != kUnitedStates || payload.u16() != kAtsc || payload.u32() != kGa94 ||
      payload.u8() != kCaptionData) {
    return;
  }
  const std::uint8_t flags = payload.u8();
  payload.skip(1);  // em_data
  constexpr std::uint8_t kProcess = 0x40, kCount = 0x1f;
  if ((flags & kProcess) == 0) return;
  for (int left = flags & kCount; left > 0 && payload.left() >= 3; --left) {
    const std::uint8_t head = payload.u8(), first = payload.u8(), second = payload.u8();
    const bool valid = (head & 4) != 0;
    const int type = head & 3;
    if (!valid) continue;
    if (type < 2) take_line(first, type, found);
    if (type == 3) take_packet_start(second, found);
  }
}

}  // namespace

CaptionChannels find_captions(ByteView unit) {
  CaptionChannels found;
  ByteReader reader(unit);
  while (reader.left() > 4) {
    const ByteView nal = reader.bytes(reader.u32());
    if (!reader.ok()) break;
    const NalType type = nal_type(nal);
    if (type >= NalType::Slice && type <= NalType::Idr) break;
    if (type != NalType::Sei) continue;
    read_sei(nal, [&found](std::uint32_t message, ByteReader payload) {
      if (message == kRegisteredUserData) take_user_data(payload, found);
      return true;
    });
  }
  return found;
}

std::vector<std::string> names_of(CaptionChannels channels) {
  std::vector<std::string> names;
  for (int line = 0; line < 4; ++line) {
    if ((channels.lines >> line & 1) != 0) names.push_back("CC" + std::to_string(line + 1));
  }
  for (int service = 1; service < 64; ++service) {
    if ((channels.services >> service & 1) != 0) {
      names.push_back("SERVICE" + std::to_string(service));
    }
  }
  return names;
}

}  // namespace butai::media
