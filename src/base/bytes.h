// Immutable, shared bytes: a picture travels from ingest to ten thousand viewers in one of these.
// Thread: any; the contents never change after construction, only the reference count moves.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace butai {

// Borrowed bytes; valid only as long as their owner.
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::vector<std::uint8_t> owned)
      : owner_(std::make_shared<const std::vector<std::uint8_t>>(std::move(owned))),
        view_(*owner_) {}
  static Bytes copy_of(ByteView view) { return Bytes({view.begin(), view.end()}); }
  static Bytes copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

  ByteView view() const { return view_; }
  operator ByteView() const {
    return view_;
  }  // NOLINT(google-explicit-constructor): a view is free
  std::string_view text() const { return as_text(view_); }
  const std::uint8_t* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  // A part of these bytes that keeps all of them alive. `offset + count` must lie inside.
  Bytes slice(std::size_t offset, std::size_t count) const {
    Bytes part;
    part.owner_ = owner_;
    part.view_ = view_.subspan(offset, count);
    return part;
  }

 private:
  std::shared_ptr<const std::vector<std::uint8_t>> owner_;
  ByteView view_;
};

}  // namespace butai
