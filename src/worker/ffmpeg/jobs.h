// The jobs of butai-worker. Each runs until its input ends; a job that cannot go on says so in
// a Complaint and ends the process (give_up).
// Thread: the only one of the process that is ours.
#pragma once

#include "worker/ffmpeg/parent_link.h"
#include "worker/message_codec.h"

namespace butai::worker {

// Job::Demux: container bytes in; H.264 and AAC out, passed through where browsers can play them.
void run_demux(ParentLink& parent, const Configuration& configuration);
// Job::Jpeg: pictures in, H.264 out, the newest first when behind.
void run_jpeg(ParentLink& parent, const Configuration& configuration);
// Job::Ladder: a source's H.264 and AAC in, further renditions of them out.
void run_ladder(ParentLink& parent, const Configuration& configuration);
// Job::Meter: AAC in, its loudness out.
void run_meter(ParentLink& parent);
// Job::Still: key frames in, JPEG out.
void run_still(ParentLink& parent);
// Job::Capture: a camera, a file, a test picture or standard input. Closes the sandbox itself, once
// it has opened what it needs.
void run_capture(ParentLink& parent, const Configuration& configuration);

}  // namespace butai::worker
