// A channel's line in a test: picture at a whole rate with a key frame every 2 s, and sound, through
// a real Packager into a Transcript.
#pragma once

#include <cstdint>

#include "media/testing/tracks.h"
#include "package/packager.h"
#include "package/testing/transcript.h"

namespace butai::package::testing {

struct Line {
  static constexpr std::int64_t kOrigin = 1'800'000'000;  // seconds since 1970; on the grid of 2 s
  static constexpr int kRate = 25;                        // frames per second

  explicit Line(int frames_per_second = kRate) : rate(frames_per_second) {}

  int rate;
  Transcript sink{kOrigin};
  Packager packager{sink};

  void picture_and_sound() {
    packager.on_tracks({media::testing::video_track(track_rate()), media::testing::audio_track()});
  }
  void picture_alone() { packager.on_tracks({media::testing::video_track(track_rate())}); }
  void sound_alone() { packager.on_tracks({media::testing::audio_track()}); }

  media::Rational track_rate() const { return {static_cast<std::uint32_t>(rate), 1}; }

  // Frames from `from` to before `to`, whole seconds since kOrigin, interleaved by time.
  void run(std::int64_t from, std::int64_t to) {
    std::int64_t sound = 0;
    for (std::int64_t i = 0; i < (to - from) * rate; ++i) {
      const std::int64_t at = from * 90'000 + i * 90'000 / rate;
      for (; sound * 1024 * 90'000 <= i * 90'000 / rate * 48'000; ++sound) {
        packager.on_frame(media::testing::audio_frame((kOrigin + from) * 48'000 + sound * 1024));
      }
      packager.on_frame(media::testing::video_frame(kOrigin * 90'000 + at, at % 180'000 == 0));
    }
  }
};

}  // namespace butai::package::testing
