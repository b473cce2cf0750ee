#include "load/message_reader.h"

#include <algorithm>
#include <utility>

#include "load/limits.h"

namespace butai::load {

bool MessageReader::feed(ByteView bytes, const std::function<bool(const Message&)>& take) {
  while (!bytes.empty() || (in_payload_ && left_ == 0)) {
    if (!in_payload_) {
      const auto head = head_.read(bytes);
      if (!head) return true;
      if (head->masked || head->reserved != 0 || head->length + size_ > kMessageBytesMax) {
        return false;
      }
      const auto opcode = static_cast<net::Opcode>(head->opcode);
      if (opcode != net::Opcode::Continuation) {
        opcode_ = opcode;
        size_ = 0;
        kept_.clear();
      }
      final_ = head->final;
      left_ = head->length;
      in_payload_ = true;
    }
    const std::size_t now = std::min<std::uint64_t>(left_, bytes.size());
    const std::size_t wanted =
        keep_ == Keep::Everything ? now : std::min(now, kFirstBytes - kept_.size());
    kept_.insert(kept_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(wanted));
    bytes = bytes.subspan(now);
    left_ -= now;
    size_ += now;
    if (left_ > 0) return true;
    in_payload_ = false;
    if (final_) {
      if (!take({opcode_, kept_, std::exchange(size_, 0)})) return true;
    }
  }
  return true;
}

bool is_frame(ByteView beginning) {
  if (beginning.size() < MessageReader::kFirstBytes) return false;
  const std::string_view type = as_text(beginning.subspan(4, 4));
  return type == "prft" || type == "moof" || beginning[0] == 0x09 ||
         (beginning[0] == 0xff && beginning[1] == 0xd8);
}

}  // namespace butai::load
