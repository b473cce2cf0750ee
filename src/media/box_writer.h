// Writes ISO base media boxes into one buffer whose size is known beforehand.
//   BoxWriter out(size);
//   { const auto moov = out.box("moov"); { const auto mvhd = out.full_box("mvhd", 0, 0); … } }
// A box's length is filled in when its Open dies.
// Flow:   cmaf_writer, drm -> BoxWriter -> Bytes
// Thread: plain object, one owner.
// Limits: a box stays below 4 GiB; callers bound what they write.
// Spec:   ISO/IEC 14496-12:2022 clause 4.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace butai::media {

class BoxWriter {
 public:
  explicit BoxWriter(std::size_t size_expected) { out_.reserve(size_expected); }

  class [[nodiscard]] Open {
   public:
    Open(BoxWriter& writer, std::size_t start) : writer_(writer), start_(start) {}
    ~Open() { writer_.patch_u32(start_, static_cast<std::uint32_t>(writer_.size() - start_)); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

   private:
    BoxWriter& writer_;
    std::size_t start_;
  };

  Open box(std::string_view type) {
    const std::size_t start = out_.size();
    u32(0);
    text(type);
    return Open(*this, start);
  }
  Open full_box(std::string_view type, std::uint8_t version, std::uint32_t flags) {
    const std::size_t start = out_.size();
    u32(0);
    text(type);
    u32(std::uint32_t{version} << 24 | flags);
    return Open(*this, start);
  }

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { number<2>(value); }
  void u32(std::uint32_t value) { number<4>(value); }
  void u64(std::uint64_t value) { number<8>(value); }
  void zeros(std::size_t count) { out_.insert(out_.end(), count, 0); }
  void text(std::string_view value) { out_.insert(out_.end(), value.begin(), value.end()); }
  void bytes(ByteView value) { out_.insert(out_.end(), value.begin(), value.end()); }

  std::size_t size() const { return out_.size(); }
  ByteView written() const { return out_; }  // until the next write
  void patch_u32(std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) {
      out_[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    }
  }

  Bytes take() { return Bytes(std::move(out_)); }
  std::vector<std::uint8_t> take_vector() { return std::move(out_); }

 private:
  template <std::size_t Count>
  void number(std::uint64_t value) {
    std::array<std::uint8_t, Count> big_endian;
    for (std::size_t i = 0; i < Count; ++i) {
      big_endian[i] = static_cast<std::uint8_t>(value >> (8 * (Count - 1 - i)));
    }
    bytes(big_endian);
  }

  std::vector<std::uint8_t> out_;
};

}  // namespace butai::media
