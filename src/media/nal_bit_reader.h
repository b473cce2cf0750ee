// Bits of a NAL unit as it stands, stepping over emulation prevention bytes, so that a place in its
// payload is also a place in its bytes.
// Thread: plain value, any.
// Limits: never reads past its view; after a failed read ok() stays false and reads give 0.
// Spec:   ITU-T H.264 (08/2021) clauses 7.2, 7.4.1.1 and 9.1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace butai::media {

class NalBitReader {
 public:
  explicit NalBitReader(ByteView nal) : nal_(nal) {}

  bool ok() const { return ok_; }
  // Bytes of the NAL unit that were touched, with the emulation prevention bytes between them.
  std::size_t bytes_read() const { return next_; }

  bool flag() {
    if (left_ == 0 && !fetch()) return false;
    --left_;
    return (byte_ >> left_) & 1;
  }
  std::uint32_t bits(unsigned count) {  // count <= 32
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 1 | (flag() ? 1u : 0u);
    return ok_ ? value : 0;
  }
  std::uint32_t ue() {
    unsigned zeros = 0;
    while (ok_ && !flag()) {
      if (++zeros > 31) ok_ = false;
    }
    if (!ok_) return 0;
    const std::uint64_t value = (std::uint64_t{1} << zeros) - 1 + bits(zeros);
    return ok_ ? static_cast<std::uint32_t>(value) : 0;
  }
  void se() { ue(); }  // its value is of no use here

 private:
  bool fetch() {
    if (ok_ && next_ < nal_.size() && zeros_ >= 2 && nal_[next_] == 3) {
      ++next_;
      zeros_ = 0;
    }
    if (!ok_ || next_ >= nal_.size()) {
      ok_ = false;
      return false;
    }
    byte_ = nal_[next_++];
    zeros_ = byte_ == 0 ? zeros_ + 1 : 0;
    left_ = 8;
    return true;
  }

  ByteView nal_;
  std::size_t next_ = 0;
  std::size_t zeros_ = 0;
  unsigned left_ = 0;  // bits of byte_
  std::uint8_t byte_ = 0;
  bool ok_ = true;
};

}  // namespace butai::media
