#include "worker/ffmpeg/video_encoder.h"

#include <algorithm>
#include <thread>

namespace butai::worker {
namespace {

// Above this size one thread does not keep up with 30 frames a second; below, a second thread costs
// more in waking than it saves.
constexpr int kPixelsOneThread = 640 * 360;
constexpr int kThreadsMax = 4;
constexpr int kHighDefinition = 720;  // lines: from here on BT.709 is meant (ITU-R BT.709, BT.601)
// Quality asked for; the rate of Encoding is the ceiling, so that a still picture costs little.
constexpr const char* kRateFactor = "23";

int threads_for(int pixels) {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return pixels <= kPixelsOneThread ? 1
                                    : std::clamp(cores, 1, pixels > 1920 * 1088 ? kThreadsMax : 2);
}

void set(AVCodecContext& codec, const char* name, const char* value) {
  av_opt_set(codec.priv_data, name, value, 0);
}

}  // namespace

bool KeyFrameGrid::is_key(Utc when) {
  const std::int64_t at = micros_of(when), length = segment_.count();
  const std::int64_t index = at / length - (at % length < 0 ? 1 : 0);
  const bool key = asked_ || index_ != index;
  index_ = index;
  asked_ = false;
  return key;
}

void VideoEncoder::Options::take_look(const AVFrame& picture, int source_height) {
  sample_aspect = picture.sample_aspect_ratio;
  matrix = picture.colorspace == AVCOL_SPC_RGB ? AVCOL_SPC_UNSPECIFIED : picture.colorspace;
  primaries = picture.color_primaries;
  transfer = picture.color_trc;
  if (source_height < kHighDefinition || matrix != AVCOL_SPC_UNSPECIFIED) return;
  matrix = AVCOL_SPC_BT709;
  primaries = AVCOL_PRI_BT709;
  transfer = AVCOL_TRC_BT709;
}

std::expected<std::unique_ptr<VideoEncoder>, std::string> VideoEncoder::open(
    const Options& options) {
  const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
  if (x264 == nullptr) return std::unexpected("FFmpeg of this machine was built without libx264");
  std::unique_ptr<VideoEncoder> encoder(new VideoEncoder);
  encoder->codec_.reset(avcodec_alloc_context3(x264));
  encoder->packet_ = av::new_packet();
  AVCodecContext& codec = *encoder->codec_;
  codec.width = options.width;
  codec.height = options.height;
  codec.pix_fmt = AV_PIX_FMT_YUV420P;
  codec.time_base = {1, static_cast<int>(options.timescale)};
  codec.framerate = {static_cast<int>(options.frame_rate.num),
                     static_cast<int>(options.frame_rate.den)};
  codec.sample_aspect_ratio = options.sample_aspect;
  codec.color_range = options.range;
  codec.colorspace = options.matrix;
  codec.color_primaries = options.primaries;
  codec.color_trc = options.transfer;
  codec.max_b_frames = 0;
  codec.gop_size = 1 << 20;  // the grid decides, not a count
  codec.rc_max_rate = options.encoding.video_bitrate;
  codec.rc_buffer_size = static_cast<int>(options.encoding.video_bitrate);  // one second
  codec.thread_count = threads_for(options.width * options.height);
  codec.thread_type = FF_THREAD_SLICE;
  codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  set(codec, "preset", "veryfast");
  set(codec, "tune", "zerolatency");
  set(codec, "profile", "high");
  set(codec, "crf", kRateFactor);
  set(codec, "forced-idr", "1");
  set(codec, "x264-params", "scenecut=0:open-gop=0");
  if (const int error = avcodec_open2(&codec, x264, nullptr); error < 0) {
    return std::unexpected("x264 does not take this size: " + av::error_text(error));
  }
  encoder->units_.start({codec.extradata, static_cast<std::size_t>(codec.extradata_size)});
  if (!encoder->units_.ready()) return std::unexpected("x264 gave no parameter sets");
  encoder->track_.timescale = options.timescale;
  encoder->track_.bitrate = options.encoding.video_bitrate;
  encoder->units_.describe(encoder->track_);
  encoder->track_.frame_rate = options.frame_rate;
  return encoder;
}

std::optional<media::Frame> VideoEncoder::encode(AVFrame& picture, bool key) {
  picture.pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  if (avcodec_send_frame(codec_.get(), &picture) < 0) return std::nullopt;
  if (avcodec_receive_packet(codec_.get(), packet_.get()) < 0) return std::nullopt;
  auto unit = units_.take({packet_->data, static_cast<std::size_t>(packet_->size)});
  std::optional<media::Frame> frame;
  if (unit) {
    frame.emplace();
    frame->track = media::kVideoTrack;
    frame->dts = frame->pts = packet_->pts;
    frame->key = unit->key;
    frame->data = std::move(unit->data);
  }
  av_packet_unref(packet_.get());
  return frame;
}

}  // namespace butai::worker
