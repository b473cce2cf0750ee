// WebSocket frames: heads to bytes and back, masking, close codes. Pure.
// Thread: plain values, any.
// Limits: a control frame carries at most 125 bytes.
// Spec:   RFC 6455 sections 5.2, 5.3, 5.5, 7.4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace butai::net {

enum class Opcode : std::uint8_t {
  Continuation = 0x0,
  Text = 0x1,
  Binary = 0x2,
  Close = 0x8,
  Ping = 0x9,
  Pong = 0xA,
};
inline bool is_control(Opcode opcode) { return (static_cast<std::uint8_t>(opcode) & 0x8) != 0; }

using MaskKey = std::array<std::uint8_t, 4>;

// The head of an outgoing frame, at most 14 bytes.
class FrameHead {
 public:
  ByteView view() const { return {bytes_.data(), size_}; }

 private:
  friend FrameHead frame_head(Opcode opcode, std::uint64_t size, std::optional<MaskKey> mask);
  std::array<std::uint8_t, 14> bytes_{};
  std::size_t size_ = 0;
};
// One unfragmented frame of `size` payload bytes. Servers give no mask.
FrameHead frame_head(Opcode opcode, std::uint64_t size, std::optional<MaskKey> mask = {});

// XORs `bytes` with the mask, the first of them being byte `offset` of the payload.
void apply_mask(std::span<std::uint8_t> bytes, MaskKey mask, std::uint64_t offset);
// The same on the way to another place, in one pass.
void copy_masked(ByteView from, std::uint8_t* to, MaskKey mask, std::uint64_t offset);

// What the first bytes of an incoming frame say; not yet judged.
struct IncomingHead {
  bool final = false;
  std::uint8_t reserved = 0;  // RSV1-3
  std::uint8_t opcode = 0;    // may be none of Opcode
  bool masked = false;
  std::uint64_t length = 0;
  bool shortest = true;  // the length used the shortest form and its top bit is clear
  MaskKey mask{};
};

// Collects a frame's head, however it is cut.
class HeadReader {
 public:
  // Takes bytes from the front of `input` until the head is complete.
  std::optional<IncomingHead> read(ByteView& input);

 private:
  std::size_t needed() const;

  std::array<std::uint8_t, 14> bytes_{};
  std::size_t have_ = 0;
};

// May this code stand in a close frame (RFC 6455 section 7.4 and the IANA registry)?
bool is_close_code(std::uint16_t code);

}  // namespace butai::net
