// A V4L2 camera: compressed pictures if it makes them, raw ones if not.
// Flow:   device -> libavdevice -> [decode] -> PictureOutput
// Limits: the size and rate that were asked for; the driver may choose the nearest.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "media/jpeg.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/capture_sources.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/picture_output.h"
#include "worker/ffmpeg/video_transcoder.h"
#include "worker/rate_policy.h"

namespace butai::worker {
namespace {

// Loaded for cameras only: linked, it and its libraries (SDL, GL, sound servers) would double the
// start of every worker.
constexpr const char* kDeviceLibrary = "libavdevice.so.59";

const AVInputFormat* find_v4l2(ParentLink& parent) {
  void* library = dlopen(kDeviceLibrary, RTLD_NOW | RTLD_GLOBAL);
  auto* start = library == nullptr
                    ? nullptr
                    : reinterpret_cast<void (*)()>(dlsym(library, "avdevice_register_all"));
  if (start == nullptr) give_up(parent, "Cameras need libavdevice59; install it (apt).");
  start();
  const AVInputFormat* v4l2 = av_find_input_format("video4linux2,v4l2");
  if (v4l2 == nullptr) give_up(parent, "FFmpeg of this machine was built without V4L2.");
  return v4l2;
}

enum class Pixels : std::uint8_t { Mjpeg, Any };

AVFormatContext* open_device(const AVInputFormat* v4l2, const Capture& capture,
                             const std::string& device, Pixels pixels, int& error) {
  AVDictionary* options = nullptr;
  av_dict_set(&options, "video_size", fmt::format("{}x{}", capture.width, capture.height).c_str(),
              0);
  av_dict_set_int(&options, "framerate", capture.frames_per_second, 0);
  if (pixels == Pixels::Mjpeg) av_dict_set(&options, "input_format", "mjpeg", 0);
  AVFormatContext* format = nullptr;
  error = avformat_open_input(&format, device.c_str(), v4l2, &options);
  av_dict_free(&options);
  return error < 0 ? nullptr : format;
}

// Motion JPEG of cameras leaves the Huffman tables out; browsers need them (marker DHT).
bool is_whole_jpeg(ByteView jpeg) {
  constexpr std::array<std::uint8_t, 2> kTables{0xFF, 0xC4};
  return media::looks_like_jpeg(jpeg) && !std::ranges::search(jpeg, kTables).empty();
}

}  // namespace

void capture_camera(ParentLink& parent, const Configuration& configuration,
                    const std::string& device) {
  const AVInputFormat* v4l2 = find_v4l2(parent);
  int error = 0;
  av::Own<AVFormatContext> camera(
      open_device(v4l2, configuration.capture, device, Pixels::Mjpeg, error));
  if (!camera) camera.reset(open_device(v4l2, configuration.capture, device, Pixels::Any, error));
  if (!camera) {
    give_up(parent,
            fmt::format("The camera {} cannot be opened: {}.", device, av::error_text(error)));
  }
  enter_camera_sandbox(parent);
  const AVStream& source = *camera->streams[0];
  auto decoder = VideoDecoder::open(*source.codecpar, source.time_base);
  if (!decoder) give_up(parent, decoder.error());
  const bool makes_jpeg = source.codecpar->codec_id == AV_CODEC_ID_MJPEG;
  Output output(parent);
  output.expect({media::kVideoTrack});
  PictureOutput pictures(parent, configuration, output);
  RatePolicy rate(configuration.capture.frames_per_second);
  const auto packet = av::new_packet();
  for (;;) {
    const int result = av_read_frame(camera.get(), packet.get());
    const Utc now = utc_now();
    if (result == AVERROR(EAGAIN)) continue;
    if (result < 0)
      give_up(parent, fmt::format("The camera {} is gone: {}.", device, av::error_text(result)));
    const CaptureWishes wishes = wait_until(parent, now);
    if (wishes.finish) return;
    if (wishes.key_frame) pictures.ask_key_frame();
    const ByteView bytes{packet->data, static_cast<std::size_t>(packet->size)};
    if (!rate.admit(micros_of(now))) {
      // More than was asked for: the camera chose its own rate.
    } else if (pictures.wants_jpeg() && makes_jpeg && is_whole_jpeg(bytes)) {
      pictures.put_jpeg(Bytes::copy_of(bytes), now);
    } else {
      decoder->decode(packet.get(),
                      [&](AVFrame& picture, std::int64_t) { pictures.put(picture, now, now); });
    }
    av_packet_unref(packet.get());
  }
}

}  // namespace butai::worker
