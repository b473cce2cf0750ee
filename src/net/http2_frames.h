// The heads of HTTP/2 frames in bytes that come piece by piece, without their contents.
// Thread: a plain object of its session.
// Spec:   RFC 9113 sections 3.4 (the client's preface) and 4.1.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace butai::net {

struct FrameHead {
  std::size_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
};

class FrameReader {
 public:
  // Calls `found` for each head; stops behind one for which it says false. The bytes read.
  template <class Found>
  std::size_t read(ByteView bytes, Found found) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t step = std::min(skip_, bytes.size() - at);
      at += step;
      skip_ -= step;
      if (at == bytes.size()) break;
      head_[have_++] = bytes[at++];
      if (have_ < head_.size()) continue;
      have_ = 0;
      skip_ = std::size_t{head_[0]} << 16 | std::size_t{head_[1]} << 8 | head_[2];
      if (!found(FrameHead{skip_, head_[3], head_[4]})) break;
    }
    return at;
  }

 private:
  std::array<std::uint8_t, 9> head_{};
  std::size_t have_ = 0;
  std::size_t skip_ = 24;  // bytes of contents still to come; at first the preface
};

}  // namespace butai::net
