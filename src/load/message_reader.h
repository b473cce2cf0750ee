// A server's WebSocket bytes cut into messages, for probes; and, without keeping them, for viewers
// that only wait for their first frame.
// Flow:   Link::read -> MessageReader -> Examiner
// Thread: a plain object of its viewer.
// Limits: kMessageBytesMax.
// Spec:   RFC 6455 section 5.2, as a server writes it: unmasked.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "net/websocket_codec.h"

namespace butai::load {

class MessageReader {
 public:
  enum class Keep : std::uint8_t { Everything, FirstBytes };
  struct Message {
    net::Opcode opcode = net::Opcode::Binary;
    ByteView bytes;  // whole, or the first kFirstBytes
    std::size_t size = 0;
  };
  static constexpr std::size_t kFirstBytes = 8;

  explicit MessageReader(Keep keep) : keep_(keep) {}

  // Calls `take` for each message that is complete now; false when the bytes are no WebSocket.
  // `take` returns whether to go on; if not, it may have destroyed this reader.
  bool feed(ByteView bytes, const std::function<bool(const Message&)>& take);

 private:
  const Keep keep_;
  net::HeadReader head_;
  bool in_payload_ = false;
  bool final_ = false;
  net::Opcode opcode_{};
  std::uint64_t left_ = 0;
  std::size_t size_ = 0;
  std::vector<std::uint8_t> kept_;
};

// Whether a message that begins so is a picture: in CMAF, JPEG or FLV.
bool is_frame(ByteView beginning);

}  // namespace butai::load
