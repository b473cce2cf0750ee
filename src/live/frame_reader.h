// Who may see clear frames: the packager and house outputs, attached by app/ from configuration
// alone (DESIGN decision 1). No request from the network can make one.
// Thread: the channel's loop.
#pragma once

#include <vector>

#include "media/frame.h"
#include "media/track.h"

namespace butai::live {

class FrameReader {
 public:
  virtual ~FrameReader() = default;
  // The tracks of the chosen input; before its first frame and again whenever they change.
  virtual void on_tracks(const std::vector<media::Track>& tracks) = 0;
  // Times are on the UTC time line: value / timescale seconds since the Unix epoch. Per track dts
  // rises strictly, except right after on_discontinuity.
  virtual void on_frame(const media::Frame& frame) = 0;
  // The next frame does not continue the last: another input, a gap, a jump of the source's clock.
  // The reader closes what is open with what it has.
  virtual void on_discontinuity() = 0;
};

}  // namespace butai::live
