// The sources of butai publish. Each runs until it ends or the process does.
// Thread: the job's.
#pragma once

#include <string>

#include "worker/ffmpeg/jobs.h"

namespace butai::worker {

void capture_test_card(ParentLink& parent, const Configuration& configuration);
// A container from an open descriptor, at its own pace. `descriptor` may be a pipe.
void capture_descriptor(ParentLink& parent, const Configuration& configuration, int descriptor);
// Opens the camera, then closes the sandbox.
void capture_camera(ParentLink& parent, const Configuration& configuration,
                    const std::string& device);

// Closes the sandbox and tells the parent that we are ready.
void enter_sandbox(ParentLink& parent);
void enter_camera_sandbox(ParentLink& parent);

// Waits until `due`, and does what the parent says meanwhile. False: the parent asked us to finish.
struct CaptureWishes {
  bool key_frame = false;
  bool finish = false;
};
CaptureWishes wait_until(ParentLink& parent, Utc due);

inline Utc utc_now() {
  return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now());
}

}  // namespace butai::worker
