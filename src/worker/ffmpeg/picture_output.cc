#include "worker/ffmpeg/picture_output.h"

#include <algorithm>
#include <array>
#include <utility>

#include "media/jpeg.h"
#include "worker/limits.h"

namespace butai::worker {
namespace {

constexpr std::uint32_t kTimescale = 90'000;
constexpr int kJpegQuality = 4;  // FFmpeg's scale, 1 best to 31: about "quality 90" elsewhere

// Limited range to full, ITU-T H.273 clause 8.3 the other way round.
std::array<std::uint8_t, 256> widening(int span) {
  std::array<std::uint8_t, 256> table{};
  const int middle = span == 224 ? 128 : 0;  // colour counts from the middle
  const int base = span == 224 ? 128 : 16;
  for (int value = 0; value < 256; ++value) {
    const int wide =
        middle + ((value - base) * 255 + (value >= base ? span / 2 : -span / 2)) / span;
    table[static_cast<std::size_t>(value)] = static_cast<std::uint8_t>(std::clamp(wide, 0, 255));
  }
  return table;
}

}  // namespace

bool JpegWriter::prepare(const AVFrame& picture) {
  if (codec_ && codec_->width == picture.width && codec_->height == picture.height) return true;
  const AVCodec* mjpeg = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  if (mjpeg == nullptr) return false;
  codec_.reset(avcodec_alloc_context3(mjpeg));
  codec_->width = picture.width;
  codec_->height = picture.height;
  codec_->pix_fmt = AV_PIX_FMT_YUVJ420P;
  codec_->color_range = AVCOL_RANGE_JPEG;
  codec_->time_base = {1, 30};  // of no consequence here
  codec_->flags |= AV_CODEC_FLAG_QSCALE;
  codec_->global_quality = kJpegQuality * FF_QP2LAMBDA;
  codec_->thread_count = 1;  // frame threads would keep pictures back
  if (avcodec_open2(codec_.get(), mjpeg, nullptr) < 0) {
    codec_.reset();
    return false;
  }
  wide_ = av::new_frame();
  wide_->format = AV_PIX_FMT_YUVJ420P;
  wide_->color_range = AVCOL_RANGE_JPEG;
  wide_->width = picture.width;
  wide_->height = picture.height;
  wide_->quality = codec_->global_quality;
  return av_frame_get_buffer(wide_.get(), 0) >= 0;
}

Bytes JpegWriter::write(AVFrame& picture) {
  static const auto kLuma = widening(219), kChroma = widening(224);
  if (!prepare(picture) || av_frame_make_writable(wide_.get()) < 0) return {};
  for (int plane = 0; plane < 3; ++plane) {
    const auto& table = plane == 0 ? kLuma : kChroma;
    const int shift = plane == 0 ? 0 : 1;
    for (int y = 0; y < picture.height >> shift; ++y) {
      const std::uint8_t* in = picture.data[plane] + std::ptrdiff_t{y} * picture.linesize[plane];
      std::uint8_t* out = wide_->data[plane] + std::ptrdiff_t{y} * wide_->linesize[plane];
      for (int x = 0; x < picture.width >> shift; ++x) out[x] = table[in[x]];
    }
  }
  ++wide_->pts;
  if (avcodec_send_frame(codec_.get(), wide_.get()) < 0) return {};
  if (avcodec_receive_packet(codec_.get(), packet_.get()) < 0) return {};
  Bytes jpeg = Bytes::copy_of(ByteView{packet_->data, static_cast<std::size_t>(packet_->size)});
  av_packet_unref(packet_.get());
  return jpeg;
}

PictureOutput::PictureOutput(ParentLink& parent, const Configuration& configuration,
                             FrameSink& sink)
    : parent_(parent),
      configuration_(configuration),
      sink_(sink),
      converter_(configuration.capture.width, configuration.capture.height),
      grid_(configuration.encoding.segment) {}

void PictureOutput::put(AVFrame& picture, Utc shown, Utc captured) {
  AVFrame* converted = converter_.convert(picture);
  if (converted == nullptr) give_up(parent_, "The picture's size must lie in 16 to 4096 pixels.");
  if (!wants_jpeg()) {
    encode(*converted, shown, captured);
  } else if (Bytes jpeg = jpeg_.write(*converted); !jpeg.empty()) {
    put_jpeg(std::move(jpeg), captured);
  }
}

void PictureOutput::put_jpeg(Bytes jpeg, Utc captured) {
  const auto info = media::inspect_jpeg(jpeg, kMessageBytesMax);
  if (!info) return;
  media::Picture picture;
  picture.width = info->width;
  picture.height = info->height;
  picture.arrived = picture.captured = captured;
  picture.jpeg = std::move(jpeg);
  parent_.send(worker::encode(std::move(picture)));
}

void PictureOutput::encode(AVFrame& picture, Utc shown, Utc captured) {
  if (!encoder_) {
    VideoEncoder::Options options;
    options.width = picture.width;
    options.height = picture.height;
    options.frame_rate = {configuration_.capture.frames_per_second, 1};
    options.encoding = configuration_.encoding;
    options.matrix = picture.colorspace;
    options.primaries = picture.color_primaries;
    options.transfer = picture.color_trc;
    auto opened = VideoEncoder::open(options);
    if (!opened) give_up(parent_, opened.error());
    encoder_ = std::move(*opened);
    sink_.describe(encoder_->track());
  }
  const std::int64_t pts = Ticks::from(shown.time_since_epoch(), kTimescale).value;
  if (pts <= last_pts_) return;
  picture.pts = last_pts_ = pts;
  auto frame = encoder_->encode(picture, grid_.is_key(shown));
  if (!frame) return;
  frame->captured = captured;
  frame->duration = kTimescale / configuration_.capture.frames_per_second;
  sink_.put(std::move(*frame));
}

}  // namespace butai::worker
