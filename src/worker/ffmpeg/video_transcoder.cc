#include "worker/ffmpeg/video_transcoder.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "worker/limits.h"

namespace butai::worker {
namespace {

constexpr int kDecoderThreadsMax = 4;
constexpr media::Rational kUsualRate{30, 1};  // for sources that do not say

// Of the grid that this rate's segments lie on: 2.002 s where 60 pictures take so long.
Micros segment_of(media::Rational rate, Micros segment) {
  return rate.den % 1001 == 0 ? segment * 1001 / 1000 : segment;
}

// Fields a second of an interlaced source, when it is not known to be otherwise: 59.94.
constexpr std::uint32_t kFieldsMin = 50;

}  // namespace

std::expected<VideoDecoder, std::string> VideoDecoder::open(const AVCodecParameters& parameters,
                                                            AVRational time_base) {
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (codec == nullptr) return std::unexpected("FFmpeg of this machine cannot decode this picture");
  VideoDecoder decoder;
  decoder.codec_.reset(avcodec_alloc_context3(codec));
  decoder.picture_ = av::new_frame();
  avcodec_parameters_to_context(decoder.codec_.get(), &parameters);
  decoder.codec_->pkt_timebase = time_base;
  decoder.codec_->thread_type = FF_THREAD_SLICE;  // frame threads would keep pictures back
  decoder.codec_->thread_count =
      std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kDecoderThreadsMax);
  // Not for H.264, where it would also undo reordering.
  if (parameters.codec_id == AV_CODEC_ID_AV1) decoder.codec_->flags |= AV_CODEC_FLAG_LOW_DELAY;
  decoder.codec_->max_pixels = std::int64_t{kPictureSideMax} * kPictureSideMax;
  if (const int error = avcodec_open2(decoder.codec_.get(), codec, nullptr); error < 0) {
    return std::unexpected("The picture cannot be decoded: " + av::error_text(error));
  }
  return decoder;
}

void VideoDecoder::decode(const AVPacket* packet, const Take& take) {
  if (avcodec_send_packet(codec_.get(), packet) < 0) return;  // damaged: the next key frame mends
  while (avcodec_receive_frame(codec_.get(), picture_.get()) >= 0) {
    const std::int64_t pts = picture_->best_effort_timestamp;
    if (pts != av::kNoTime) take(*picture_, pts);
    av_frame_unref(picture_.get());
  }
  if (packet == nullptr) avcodec_flush_buffers(codec_.get());
}

std::expected<std::unique_ptr<VideoTranscoder>, std::string> VideoTranscoder::open(
    const AVCodecParameters& parameters, Options options, FrameSink& sink,
    const SourceAnchor& anchor) {
  auto decoder = VideoDecoder::open(parameters, options.time_base);
  if (!decoder) return std::unexpected(decoder.error());
  return std::unique_ptr<VideoTranscoder>(
      new VideoTranscoder(std::move(*decoder), options, sink, anchor));
}

VideoTranscoder::VideoTranscoder(VideoDecoder decoder, Options options, FrameSink& sink,
                                 const SourceAnchor& anchor)
    : decoder_(std::move(decoder)),
      options_(options),
      sink_(sink),
      anchor_(anchor),
      grid_(segment_of(options_.frame_rate, options_.encoding.segment)),
      rate_(options_.encoding.frames_per_second_max) {}

void VideoTranscoder::take(const AVPacket* packet) {
  decoder_.decode(packet, [this](AVFrame& picture, std::int64_t pts) { on_decoded(picture, pts); });
  if (packet != nullptr || !deinterlacer_) return;
  deinterlacer_->finish([this](AVFrame& picture, std::int64_t pts) { encode(picture, pts); });
}

// Interlaced once, all go through the filter, which lets whole pictures pass.
void VideoTranscoder::on_decoded(AVFrame& picture, std::int64_t pts) {
  captions_.put(take_captions(picture));
  if (picture.interlaced_frame != 0 && !deinterlacer_) {
    const bool fields = options_.encoding.frames_per_second_max >= kFieldsMin;
    const AVRational ticks{1, static_cast<int>(options_.timescale)};
    deinterlacer_ = std::make_unique<Deinterlacer>(
        fields ? Deinterlacer::Rate::EachField : Deinterlacer::Rate::EachFrame, ticks);
    if (fields) options_.frame_rate.num *= 2;
  }
  const std::int64_t time = av::ticks(pts, options_.time_base, options_.timescale);
  if (!deinterlacer_) return encode(picture, time);
  const auto take = [this](AVFrame& whole, std::int64_t at) { encode(whole, at); };
  if (!deinterlacer_->put(picture, time, take)) {
    complaint_ = "The interlaced picture cannot be made progressive; send a progressive one.";
  }
}

void VideoTranscoder::encode(AVFrame& whole, std::int64_t pts) {
  if (last_pts_ != av::kNoTime && pts <= last_pts_) return;
  const std::int64_t micros = mul_div(pts, 1'000'000, options_.timescale);
  if (!rate_.admit(micros)) return;
  AVFrame* picture = converter_.convert(whole);
  if (picture == nullptr) {
    complaint_ = "The picture is smaller than 16 or larger than 4096 pixels; send another size.";
    return;
  }
  if (!prepare(*picture)) return;
  picture->pts = last_pts_ = pts;
  captions_.give(*picture);
  if (auto frame = encoder_->encode(*picture, grid_.is_key(anchor_.utc(micros)))) {
    sink_.put(std::move(*frame));
  }
}

bool VideoTranscoder::prepare(const AVFrame& picture) {
  if (encoder_ && encoder_->track().width == picture.width &&
      encoder_->track().height == picture.height) {
    return true;
  }
  VideoEncoder::Options options;
  options.width = picture.width;
  options.height = picture.height;
  options.frame_rate = limited_rate(options_.frame_rate.num > 0 ? options_.frame_rate : kUsualRate,
                                    options_.encoding.frames_per_second_max);
  options.timescale = options_.timescale;
  options.encoding = options_.encoding;
  options.take_look(picture, picture.height);
  auto opened = VideoEncoder::open(options);
  if (!opened) {
    complaint_ = opened.error();
    return false;
  }
  encoder_ = std::move(*opened);
  media::Track track = encoder_->track();
  if (options_.frame_rate.num == 0) track.frame_rate = {};
  sink_.describe(std::move(track));
  grid_.ask();
  return true;
}

}  // namespace butai::worker
