#include "net/utf8.h"

#include <cstring>

namespace butai::net {

bool Utf8Check::start(std::uint8_t octet) {
  low_ = 0x80;
  high_ = 0xBF;
  if (octet < 0x80) {
    missing_ = 0;
  } else if (octet >= 0xC2 && octet <= 0xDF) {  // C0, C1 would be overlong
    missing_ = 1;
  } else if (octet >= 0xE0 && octet <= 0xEF) {
    missing_ = 2;
    if (octet == 0xE0) low_ = 0xA0;   // overlong below
    if (octet == 0xED) high_ = 0x9F;  // surrogates above
  } else if (octet >= 0xF0 && octet <= 0xF4) {
    missing_ = 3;
    if (octet == 0xF0) low_ = 0x90;   // overlong below
    if (octet == 0xF4) high_ = 0x8F;  // above U+10FFFF
  } else {
    return false;
  }
  return true;
}

bool Utf8Check::feed(ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    // Eight ASCII octets at a time: most text is.
    while (missing_ == 0 && at + 8 <= bytes.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, sizeof word);
      if ((word & 0x8080808080808080U) != 0) break;
      at += 8;
    }
    if (at == bytes.size()) break;
    const std::uint8_t octet = bytes[at];
    if (missing_ == 0) {
      if (!start(octet)) return false;
      continue;
    }
    if (octet < low_ || octet > high_) return false;
    low_ = 0x80;
    high_ = 0xBF;
    --missing_;
  }
  return true;
}

}  // namespace butai::net
