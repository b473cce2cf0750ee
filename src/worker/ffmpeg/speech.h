// A phrase spoken by FFmpeg's `flite` source, whose voices are compiled in: no file is opened.
// Thread: its job's, also behind the closed sandbox.
#pragma once

#include <vector>

namespace butai::worker {

// One channel at TestSound::kRate, cut at TestSound::kVoiceMost. Empty: this FFmpeg cannot speak.
std::vector<float> spoken(const char* phrase);

}  // namespace butai::worker
