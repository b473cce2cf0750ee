// A publisher as its channel sees it; ingest/ implements it, one per connection.
// Thread: the channel's loop.
#pragma once

#include <functional>
#include <string>

namespace butai::live {

// An order from outside: {"do": "key_frame"}, later bitrate, size, stop.
struct Instruction {
  std::string act;    // "do" on the wire
  std::string value;  // JSON text, or empty
};
// `error` is empty when it was done.
using InstructionDone = std::function<void(std::string error)>;

enum class Dismissal { TakenOver, Kicked, ChannelEnded };

class Publisher {
 public:
  virtual ~Publisher() = default;
  // The slot is no longer this publisher's; nothing of it is read any more.
  virtual void dismiss(Dismissal why) = 0;
  virtual void instruct(const Instruction& instruction, InstructionDone done) = 0;
};

}  // namespace butai::live
