// Checks UTF-8 octet by octet: the first octet that no valid text could have is refused at once,
// also when a character is cut between two calls.
// Thread: a plain object of its session.
// Spec:   RFC 3629 (no overlong forms, no surrogates, nothing above U+10FFFF).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace butai::net {

class Utf8Check {
 public:
  // False at the first impossible octet; after that the object is spent.
  bool feed(ByteView bytes);
  // No character is left half.
  bool complete() const { return missing_ == 0; }

 private:
  bool start(std::uint8_t octet);

  int missing_ = 0;          // continuation octets still to come
  std::uint8_t low_ = 0x80;  // bounds of the next one
  std::uint8_t high_ = 0xBF;
};

inline bool is_utf8(std::string_view text) {
  Utf8Check check;
  return check.feed(as_bytes(text)) && check.complete();
}

}  // namespace butai::net
