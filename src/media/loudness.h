// How loud a sound is, as people hear it.
// Flow:   worker (Job::Meter) -> live::InputStatus -> api, metrics
// Thread: plain value, any.
// Spec:   ITU-R BS.1770-5 (LKFS = LUFS), EBU R 128 and EBU Tech 3341.
#pragma once

namespace butai::media {

// What nothing is: the absolute gate of BS.1770.
inline constexpr double kSilenceLufs = -70;

struct Loudness {
  double momentary = kSilenceLufs;   // LUFS of the last 400 ms
  double short_term = kSilenceLufs;  // of the last 3 s
  double integrated = kSilenceLufs;  // of all of it, gated
  double true_peak = kSilenceLufs;   // dBTP, the highest of all of it
};

// What a programme is brought to: ARIB TR-B32 in Japan, EBU R 128 elsewhere.
inline constexpr double kTargetLkfsJapan = -24;
inline constexpr double kTargetLufs = -23;

}  // namespace butai::media
