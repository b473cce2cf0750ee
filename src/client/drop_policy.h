// What a publisher does with a frame when the line takes less than the camera gives: which frames
// go, which never will. Nothing is queued beyond the bytes that the socket already holds.
// Flow:   Uplink asks before each message, with the bytes its socket has not yet given away
// Thread: a plain object of its Uplink.
// Limits: 250 ms of media at the rate of the last second, between 64 KiB and 512 KiB.
//
// 1. Below the limit everything goes.
// 2. Above it a picture waits alone in the Uplink's one place; a newer one takes that place, so the
//    oldest is what is lost.
// 3. Above it a coded frame is lost, and with it every frame up to the next key frame, which goes
//    once half the limit is free. When the socket has drained a key frame is asked for.
// 4. Sound is small and is kept up to twice the limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "base/time.h"

namespace butai::client {

class DropPolicy {
 public:
  enum class Verdict : std::uint8_t { Send, Drop };
  enum class Kind : std::uint8_t { KeyFrame, Frame, Sound };

  Verdict judge(Kind kind, std::size_t unsent);
  bool picture_fits(std::size_t unsent) const { return unsent == 0 || unsent <= limit(); }

  // A connection or a new set of tracks begins: nothing can be decoded before a key frame.
  void wait_for_key_frame() { waiting_ = true; }
  bool waiting() const { return waiting_; }

  void sent(std::size_t bytes, Steady now);          // feeds the rate
  std::size_t limit() const;                         // bytes
  std::size_t rate() const { return last_second_; }  // bytes sent within the last second

 private:
  std::deque<std::pair<Steady, std::size_t>> sent_;
  std::size_t last_second_ = 0;
  bool waiting_ = false;
};

}  // namespace butai::client
