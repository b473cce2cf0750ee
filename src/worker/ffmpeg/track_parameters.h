// A track of ours as FFmpeg's decoders want it described.
// Thread: pure function, any.
#pragma once

#include "media/track.h"
#include "worker/ffmpeg/av.h"

namespace butai::worker {

av::Own<AVCodecParameters> parameters_of(const media::Track& track);

}  // namespace butai::worker
