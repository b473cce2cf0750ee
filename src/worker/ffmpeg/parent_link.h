// The child's end of the socket pair: blocking, because a worker has one job and nothing else to do.
// Flow:   Line -> receive() -> job -> send() -> Line
// Thread: the job's one thread.
// Limits: message_codec. When the parent is gone the process ends, from inside any of these calls.
//
// Sending blocks while the parent does not read; then nothing is received either, the socket fills
// up, and the publisher is slowed down. That is all the back-pressure there is.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "worker/message_codec.h"

namespace butai::worker {

class ParentLink {
 public:
  explicit ParentLink(int socket) : socket_(socket) {}

  Message receive();                                 // waits
  std::optional<Message> receive_if_any();           // does not
  std::optional<Message> receive_until(Steady end);  // waits until `end` at most
  void send(const Wire& wire);

  void complain(std::string_view sentence) { send(encode(MessageType::Complaint, sentence)); }
  void note(std::string_view sentence) { send(encode(MessageType::Note, sentence)); }

 private:
  enum class Wait : std::uint8_t { Yes, No };
  bool read(Wait wait);  // false: nothing there

  int socket_;
  MessageReader reader_;
};

// Complains, and ends the process with kExitGaveUp.
[[noreturn]] void give_up(ParentLink& parent, std::string_view sentence);

}  // namespace butai::worker
