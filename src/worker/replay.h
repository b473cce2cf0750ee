// What the next child needs to go on where a dead one was, as if nothing had been.
// Flow:   Line (pieces that go to the child, what comes back from it) -> here -> Line
// Thread: a plain object of its Line.
// Limits: kGroupBytesMax; beyond it nothing is kept until the next key frame.
//
//  1. Pieces are kept from where they were when the key frame before the newest came back: so the
//     newest one is among them, and whatever followed it. Where a child is a whole group behind (a file
//     sent at once), it may be among those before; then 3 does not hold, and the loss is told.
//  2. The next child gets them again. Frames that it makes again are dropped; the first that is new
//     goes on behind the last that was told, and viewers decode it with what they have.
//  3. It must begin with a key frame that was told, byte for byte, and with the same tracks. If it does
//     not (what an encoder of ours makes is never the same twice), the loss is told after all.
//  4. Times that step back are another run of the source: what was kept of the one before is of no use.
//  5. Pieces that killed two children are not given to a third: in between there must be a new frame.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "media/frame.h"
#include "media/track.h"

namespace butai::worker {

class Replay {
 public:
  // A piece that went to the child, or will when there is one.
  void keep(const Bytes& piece, bool at_boundary);
  // Another container begins, or what was kept is of no use.
  void forget();

  // The child died: whether the next one may go on. Then it gets pieces().
  bool begin();
  bool running() const { return running_; }
  std::vector<Bytes> pieces() const;

  enum class Verdict : std::uint8_t { New, Again, Broken };
  Verdict saw(const std::vector<media::Track>& tracks);
  Verdict saw(const media::Frame& frame);

 private:
  struct Piece {
    Bytes bytes;
    bool at_boundary;
  };

  void note_key(const media::Frame& frame);
  bool is_known_key(const media::Frame& frame) const;

  std::deque<Piece> pieces_;
  std::size_t bytes_ = 0;
  std::size_t at_last_key_ = 0;    // pieces when the newest key frame came back
  std::deque<media::Frame> keys_;  // the newest, at most two
  std::vector<media::Track> tracks_;
  using Times = std::array<std::optional<std::int64_t>, media::kFirstRung>;  // dts by TrackId
  Times told_;               // of the newest that was told
  Times again_;              // of the newest that was made again
  bool running_ = false;     // this child makes again what was told
  bool recognised_ = false;  // and has begun with a key frame that was told
  bool tried_ = false;       // no new picture came since the last begin()
};

}  // namespace butai::worker
