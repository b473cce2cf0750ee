// Bits of an H.264 RBSP or an AAC configuration, most significant first, within bounds.
// Thread: plain value, any.
// Limits: never reads past its view; after a failed read ok() stays false and reads give 0.
// Spec:   ITU-T H.264 (08/2021) clauses 7.2 and 9.1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace butai::media {

class BitReader {
 public:
  explicit BitReader(ByteView view) : view_(view) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return at_; }  // bits read
  std::size_t left() const { return view_.size() * 8 - at_; }

  std::uint32_t bits(unsigned count) {  // count <= 32
    if (!ok_ || count > left()) {
      ok_ = false;
      return 0;
    }
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i, ++at_) {
      value = value << 1 | ((view_[at_ / 8] >> (7 - at_ % 8)) & 1u);
    }
    return static_cast<std::uint32_t>(value);
  }
  bool flag() { return bits(1) != 0; }
  void skip(unsigned count) { bits(count); }

  // ue(v): at most 31 leading zeros, so at most 2^32 - 2 (reliability B10).
  std::uint32_t ue() {
    unsigned zeros = 0;
    while (ok_ && !flag()) {
      if (++zeros > 31) ok_ = false;
    }
    if (!ok_) return 0;
    const std::uint64_t value = (std::uint64_t{1} << zeros) - 1 + bits(zeros);
    return ok_ ? static_cast<std::uint32_t>(value) : 0;
  }
  std::int64_t se() {
    const std::int64_t code = ue();
    return code % 2 == 0 ? -(code / 2) : code / 2 + 1;
  }

 private:
  ByteView view_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace butai::media
