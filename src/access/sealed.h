// Short signed records in base64url: what path tokens and tickets are made of. A record is readable
// by whoever holds it and cannot be changed: its last 16 bytes are HMAC-SHA256 (cut to 128 bits)
// under a key of its own purpose.
// Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/mac.h"

namespace butai::access {

std::string seal(const Key32& key, ByteView record);
// The record, or nothing when it was not sealed with `key`.
std::optional<std::vector<std::uint8_t>> unseal(const Key32& key, std::string_view text);

// Appends and takes fields, numbers in network order.
class RecordWriter {
 public:
  void number(std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      record_.push_back(static_cast<std::uint8_t>(value >> shift));
    }
  }
  void bytes(ByteView view) { record_.insert(record_.end(), view.begin(), view.end()); }
  ByteView record() const { return record_; }

 private:
  std::vector<std::uint8_t> record_;
};

// Reading past the end makes it bad and returns zeros.
class RecordReader {
 public:
  explicit RecordReader(ByteView record) : rest_(record) {}
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(bytes)) value = value << 8 | byte;
    return value;
  }
  ByteView take(std::size_t bytes) {
    if (bytes > rest_.size()) {
      bad_ = true;
      return {};
    }
    const ByteView taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }
  ByteView rest() { return take(rest_.size()); }
  bool good() const { return !bad_; }

 private:
  ByteView rest_;
  bool bad_ = false;
};

}  // namespace butai::access
