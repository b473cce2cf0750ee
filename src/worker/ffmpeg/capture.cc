#include "worker/ffmpeg/jobs.h"
namespace butai::worker {
void run_capture(ParentLink& parent, const Configuration&) { give_up(parent, "not yet"); }
}  // namespace butai::worker
