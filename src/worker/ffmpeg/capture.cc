// Job::Capture: what butai publish sends.
// Flow:   source -> PictureOutput / SourceTracks -> Output
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "worker/ffmpeg/aac_encoder.h"
#include "worker/ffmpeg/capture_sources.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/picture_output.h"
#include "worker/ffmpeg/sandbox.h"
#include "worker/ffmpeg/speech.h"
#include "worker/ffmpeg/test_card.h"
#include "worker/test_sound.h"

namespace butai::worker {
namespace {

void enter(ParentLink& parent, Sandbox kind) {
  const auto closed = close_sandbox(kind);
  if (!closed) give_up(parent, "The worker's sandbox cannot be closed: " + closed.error().sentence);
  if (!closed->empty()) parent.note("sandbox: " + *closed);
  parent.send(encode(MessageType::Ready));
}

void capture_file(ParentLink& parent, const Configuration& configuration, const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) give_up(parent, fmt::format("{} cannot be opened: {}.", path, strerror(errno)));
  enter_sandbox(parent);
  capture_descriptor(parent, configuration, file);
}

constexpr const char* kPhrase =
    "This is a sound test. You should hear this voice, some music, and a beep every second.";

TestSound compose(ParentLink& parent) {
  const auto voice = spoken(kPhrase);
  if (voice.empty()) {
    parent.complain("The test picture has music and no voice: FFmpeg of this machine lacks flite.");
  }
  return TestSound(voice);
}

// `samples` (at most 1 s) from sample `first` since the Unix epoch on, into `frame`.
AVFrame& sounding(const TestSound& sound, std::int64_t first, int samples, AVFrame& frame) {
  static_assert(TestSound::kRate == kSoundRate);
  if (frame.nb_samples != samples) {
    av_frame_unref(&frame);
    frame.format = AV_SAMPLE_FMT_FLTP;
    frame.sample_rate = kSoundRate;
    frame.nb_samples = samples;
    av_channel_layout_default(&frame.ch_layout, 2);
    av_frame_get_buffer(&frame, 0);
  }
  av_frame_make_writable(&frame);
  const auto plane = [&](int channel) {
    return std::span(reinterpret_cast<float*>(frame.data[channel]),
                     static_cast<std::size_t>(samples));
  };
  sound.copy(first, plane(0), plane(1));
  return frame;
}

}  // namespace

void enter_sandbox(ParentLink& parent) { enter(parent, Sandbox::Decoding); }
void enter_camera_sandbox(ParentLink& parent) { enter(parent, Sandbox::Camera); }

CaptureWishes wait_until(ParentLink& parent, Utc due) {
  CaptureWishes wishes;
  const Steady end = std::chrono::steady_clock::now() + (due - utc_now());
  while (const auto message = parent.receive_until(end)) {
    wishes.key_frame = wishes.key_frame || message->type == MessageType::KeyFrame;
    if (message->type == MessageType::Finish) {
      wishes.finish = true;
      break;
    }
  }
  return wishes;
}

// Pictures at the multiples of the frame time since the Unix epoch, so that key frames lie exactly
// on the segment grid; those that come too late are left out.
void capture_test_card(ParentLink& parent, const Configuration& configuration) {
  enter_sandbox(parent);
  Output output(parent);
  PictureOutput pictures(parent, configuration, output);
  const bool two = configuration.encoding.sounds > 1 && !pictures.wants_jpeg();
  if (pictures.wants_jpeg()) {
    output.expect({});
  } else {
    output.expect({media::kVideoTrack, media::kAudioTrack});
  }
  std::optional<TestSound> sound, second;
  if (!pictures.wants_jpeg()) sound = compose(parent);
  if (two) {
    output.promise(media::kSecondSound);
    second.emplace(std::span<const float>());  // no voice: one hears which it is
  }
  AacEncoder encoder(media::kAudioTrack, configuration.encoding, output);
  AacEncoder second_encoder(media::kSecondSound, configuration.encoding, output);
  const auto samples_frame = av::new_frame();
  TestCard card(configuration.capture.width, configuration.capture.height,
                pictures.wants_jpeg() ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709);
  const std::int64_t rate = configuration.capture.frames_per_second;
  const auto samples_until = [](Utc when) {
    return mul_div(micros_of(when), kSoundRate, 1'000'000);
  };
  std::int64_t index = micros_of(utc_now()) * rate / 1'000'000 + 1;
  std::int64_t sounded = samples_until(utc_now());
  for (std::uint64_t count = 0;; ++count) {
    const Utc due = utc_of(mul_div(index, 1'000'000, rate));
    const CaptureWishes wishes = wait_until(parent, due);
    if (wishes.finish) return;
    if (wishes.key_frame) pictures.ask_key_frame();
    const Utc now = utc_now();
    pictures.put(card.draw(now, count), due, now);
    if (sound) {
      const std::int64_t target = samples_until(due);
      if (target - sounded > kSoundRate || target < sounded) sounded = target - kSoundRate / rate;
      const int samples = static_cast<int>(target - sounded);
      if (samples > 0) encoder.take(sounding(*sound, sounded, samples, *samples_frame), sounded);
      if (samples > 0 && second) {
        second_encoder.take(sounding(*second, sounded, samples, *samples_frame), sounded);
      }
      sounded = target;
    }
    index = std::max(index + 1, micros_of(utc_now()) * rate / 1'000'000);
  }
}

void run_capture(ParentLink& parent, const Configuration& configuration) {
  const std::string& source = configuration.capture.source;
  if (source == "test") {
    capture_test_card(parent, configuration);
  } else if (source.starts_with("file:")) {
    capture_file(parent, configuration, source.substr(5));
  } else if (source == "-") {
    enter_sandbox(parent);
    capture_descriptor(parent, configuration, STDIN_FILENO);
  } else if (source == "camera" || source.starts_with("camera:")) {
    capture_camera(parent, configuration, source.size() > 7 ? source.substr(7) : "/dev/video0");
  } else {
    give_up(parent,
            fmt::format("{} is no source; use camera[:DEV], file:PATH, test or -.", source));
  }
  parent.send(encode(MessageType::End));
}

}  // namespace butai::worker
