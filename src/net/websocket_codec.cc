#include "net/websocket_codec.h"

#include <algorithm>
#include <cstring>

namespace butai::net {

FrameHead frame_head(Opcode opcode, std::uint64_t size, std::optional<MaskKey> mask) {
  FrameHead head;
  auto& at = head.size_;
  const auto put = [&](std::uint64_t byte) { head.bytes_[at++] = static_cast<std::uint8_t>(byte); };
  const std::uint8_t mask_bit = mask ? 0x80 : 0;
  put(0x80U | static_cast<std::uint8_t>(opcode));
  if (size < 126) {
    put(mask_bit | size);
  } else if (size <= 0xFFFF) {
    put(mask_bit | 126U);
    put(size >> 8);
    put(size & 0xFF);
  } else {
    put(mask_bit | 127U);
    for (int shift = 56; shift >= 0; shift -= 8) put((size >> shift) & 0xFF);
  }
  if (mask) {
    for (const std::uint8_t byte : *mask) put(byte);
  }
  return head;
}

void apply_mask(std::span<std::uint8_t> bytes, MaskKey mask, std::uint64_t offset) {
  copy_masked(bytes, bytes.data(), mask, offset);
}

void copy_masked(ByteView from, std::uint8_t* to, MaskKey mask, std::uint64_t offset) {
  // One register of any processor at a time; compilers do not find that by themselves, and split a
  // wider one badly.
  using Wide = std::uint8_t __attribute__((vector_size(16)));
  Wide turned{};
  for (std::size_t at = 0; at < sizeof turned; ++at) turned[at] = mask[(offset + at) % 4];
  std::size_t at = 0;
  for (; at + sizeof turned <= from.size(); at += sizeof turned) {
    Wide part;
    std::memcpy(&part, from.data() + at, sizeof part);
    part ^= turned;
    std::memcpy(to + at, &part, sizeof part);
  }
  for (; at < from.size(); ++at) to[at] = from[at] ^ mask[(offset + at) % 4];
}

std::size_t HeadReader::needed() const {
  if (have_ < 2) return 2;
  const std::uint8_t length = bytes_[1] & 0x7F;
  const std::size_t mask = (bytes_[1] & 0x80) != 0 ? 4 : 0;
  return 2 + mask + (length == 126 ? 2 : length == 127 ? 8 : 0);
}

std::optional<IncomingHead> HeadReader::read(ByteView& input) {
  while (have_ < needed()) {
    if (input.empty()) return std::nullopt;
    const std::size_t count = std::min(needed() - have_, input.size());
    std::copy_n(input.begin(), count, bytes_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += count;
    input = input.subspan(count);
  }
  IncomingHead head;
  head.final = (bytes_[0] & 0x80) != 0;
  head.reserved = (bytes_[0] >> 4) & 0x7;
  head.opcode = bytes_[0] & 0x0F;
  head.masked = (bytes_[1] & 0x80) != 0;
  const std::uint8_t small = bytes_[1] & 0x7F;
  const std::size_t wide = small == 126 ? 2 : small == 127 ? 8 : 0;
  head.length = wide == 0 ? small : 0;
  for (std::size_t at = 0; at < wide; ++at) head.length = head.length << 8 | bytes_[2 + at];
  if (wide == 2) head.shortest = head.length >= 126;
  if (wide == 8) head.shortest = head.length > 0xFFFF && head.length >> 63 == 0;
  if (head.masked)
    std::copy_n(bytes_.begin() + 2 + static_cast<std::ptrdiff_t>(wide), 4, head.mask.begin());
  have_ = 0;
  return head;
}

bool is_close_code(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace butai::net
