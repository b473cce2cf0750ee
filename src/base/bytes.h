// Immutable, shared bytes: a picture travels from ingest to ten thousand viewers in one of these.
// Thread: any; the contents never change after construction, only the reference count moves. What lies
// in front of them as room is nobody's contents: trim() and with_head() belong to one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
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
  // The first `room` of `owned` are not contents, but place for a head.
  explicit Bytes(std::vector<std::uint8_t> owned, std::size_t room = 0)
      : owner_(std::make_shared<Owner>(std::move(owned), room)),
        view_(ByteView(owner_->bytes).subspan(room)) {}
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

  // Leaves out the first `count` bytes. They become room as well, unless somebody else has them.
  void trim(std::size_t count) {
    if (at_room() && owner_.use_count() == 1) owner_->room += count;
    view_ = view_.subspan(count);
  }
  // `head` and then these bytes in one piece, which are not copied: the head goes into their room.
  // Nothing when there is too little.
  std::optional<Bytes> with_head(ByteView head) const {
    if (!at_room() || owner_->room < head.size()) return std::nullopt;
    owner_->room -= head.size();
    const auto whole = std::span(owner_->bytes).subspan(owner_->room, head.size() + view_.size());
    std::ranges::copy(head, whole.begin());
    Bytes bytes;
    bytes.owner_ = owner_;
    bytes.view_ = whole;
    return bytes;
  }

 private:
  struct Owner {
    std::vector<std::uint8_t> bytes;
    std::size_t room;  // so many at the front were never shown
  };
  bool at_room() const {
    return owner_ != nullptr && view_.data() == owner_->bytes.data() + owner_->room;
  }

  std::shared_ptr<Owner> owner_;
  ByteView view_;
};

}  // namespace butai
