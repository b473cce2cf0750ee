// The bytes of one container after another, as FFmpeg reads them.
// Flow:   Input messages -> AVIO read callback -> demuxer; what else comes is noted on the way
// Thread: its job's; reading waits for the parent.
// Limits: one message in hand, and FFmpeg's buffer.
#pragma once

#include <optional>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/parent_link.h"

namespace butai::worker {

class ContainerInput {
 public:
  explicit ContainerInput(ParentLink& parent) : parent_(parent) {}

  // Waits for the next container; nothing when the parent finished.
  std::optional<Container> next();
  // A reader of this container's bytes; it ends where the next container starts.
  av::Own<AVIOContext> reader();
  bool ended() const { return ended_; }

  std::optional<Anchor> take_anchor() { return std::exchange(anchor_, std::nullopt); }
  bool take_key_frame_wish() { return std::exchange(key_frame_, false); }

 private:
  static int read(void* self, std::uint8_t* to, int size);
  void receive();

  ParentLink& parent_;
  Bytes piece_;
  std::optional<Container> opened_;
  bool finished_ = false, ended_ = false;
  std::optional<Anchor> anchor_;
  bool key_frame_ = false;
};

}  // namespace butai::worker
