// A channel's line in a test: picture at a whole rate with a key frame every 2 s, and sound, through
// a real Packager into a Transcript.
#pragma once

#include <cstdint>
#include <utility>

#include "media/testing/tracks.h"
#include "package/packager.h"
#include "package/testing/transcript.h"

namespace butai::package::testing {

struct Line {
  static constexpr std::int64_t kOrigin = 1'800'000'000;  // seconds since 1970; on the grid of 2 s
  static constexpr int kRate = 25;                        // frames per second

  explicit Line(int frames_per_second = kRate) : rate(frames_per_second) {}
  explicit Line(PackagerOptions options) : packager(sink, std::move(options)) {}

  int rate = kRate;
  Transcript sink{kOrigin};
  Packager packager{sink};

  void picture_and_sound() {
    packager.on_tracks({media::testing::video_track(track_rate()), media::testing::audio_track()});
  }
  // run() then brings both sounds.
  void picture_and_two_sounds() {
    two_sounds = true;
    media::Track second = media::testing::audio_track();
    second.id = media::kSecondSound;
    packager.on_tracks(
        {media::testing::video_track(track_rate()), media::testing::audio_track(), second});
  }
  bool two_sounds = false;
  void second_sound(std::int64_t dts) {
    media::Frame frame = media::testing::audio_frame(dts);
    frame.track = media::kSecondSound;
    packager.on_frame(frame);
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
        const std::int64_t dts = (kOrigin + from) * 48'000 + sound * 1024;
        packager.on_frame(media::testing::audio_frame(dts));
        if (two_sounds) second_sound(dts);
      }
      packager.on_frame(media::testing::video_frame(kOrigin * 90'000 + at, at % 180'000 == 0));
    }
  }

  // Half the picture, and sound at half the rate.
  void join_ladder() {
    media::Track picture = media::testing::video_track({kRate, 1});
    picture.id = media::kFirstRung;
    picture.name = "half";
    media::Track sound = media::testing::audio_track();
    sound.id = media::kFirstRung + 1;
    sound.name = "radio";
    packager.on_ladder({picture, sound});
  }
  // The same as run(), and after each second the ladder's frames of it.
  void run_with_ladder(std::int64_t from, std::int64_t to) {
    for (std::int64_t second = from; second < to; ++second) {
      run(second, second + 1);
      for (std::int64_t i = second * kRate; i < (second + 1) * kRate; ++i) {
        ladder_frame(media::testing::video_frame(kOrigin * 90'000 + i * 90'000 / kRate,
                                                 i % (2 * kRate) == 0),
                     media::kFirstRung);
      }
      for (std::int64_t at = second * 48'000 / 1024 + 1; at * 1024 < (second + 1) * 48'000; ++at) {
        ladder_frame(media::testing::audio_frame(kOrigin * 48'000 + at * 1024),
                     media::kFirstRung + 1);
      }
    }
  }
  void ladder_frame(media::Frame frame, media::TrackId track) {
    frame.track = track;
    packager.on_ladder_frame(std::move(frame));
  }
};

}  // namespace butai::package::testing
