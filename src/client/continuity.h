// Whether the chunks of one track follow each other: in order, and without holes.
// Flow:   Downlink -> Continuity::take per chunk
// Thread: a plain object of its Downlink.
// Limits: durations are predictions (DESIGN decision 5), so a start may differ from the end before
//         it by 100 ms or three durations, whichever is more, before it is called a jump.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace butai::client {

class Continuity {
 public:
  enum class Step : std::uint8_t {
    Follows,
    Jumps,     // a hole in the time line
    GoesBack,  // starts before the chunk before it did: the order is broken
  };
  Step take(Ticks start, Ticks duration);
  // A discontinuity was announced (a new init, a gap message): the next chunk may start anywhere.
  void forget() { last_.reset(); }

 private:
  struct Last {
    Micros start, end;
  };
  std::optional<Last> last_;
};

}  // namespace butai::client
