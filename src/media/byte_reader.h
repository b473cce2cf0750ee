// Big-endian reading within bounds: every parser of this folder stands on it.
// Flow:   untrusted bytes -> ByteReader -> a parser
// Thread: plain value, any.
// Limits: never reads past its view; after a failed read ok() stays false and reads give 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace butai::media {

class ByteReader {
 public:
  explicit ByteReader(ByteView view) : view_(view) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return at_; }
  std::size_t left() const { return view_.size() - at_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(number(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }

  // An unsigned number of `count` (1 to 8) bytes.
  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes(count)) value = value << 8 | byte;
    return value;
  }

  // The next `count` bytes, or nothing (and not ok) when fewer are left.
  ByteView bytes(std::size_t count) {
    if (!ok_ || count > left()) {
      ok_ = false;
      return {};
    }
    const ByteView taken = view_.subspan(at_, count);
    at_ += count;
    return taken;
  }
  ByteView rest() { return bytes(left()); }
  void skip(std::size_t count) { bytes(count); }

 private:
  ByteView view_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace butai::media
