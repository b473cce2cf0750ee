#include "worker/ffmpeg/picture_converter.h"

#include <algorithm>
#include <cstring>

#include "worker/limits.h"

namespace butai::worker {
namespace {

constexpr int kSideMin = 16;  // pixels: one macroblock

bool full_range(const AVFrame& picture) {
  return picture.color_range == AVCOL_RANGE_JPEG || picture.format == AV_PIX_FMT_YUVJ420P ||
         picture.format == AV_PIX_FMT_YUVJ422P || picture.format == AV_PIX_FMT_YUVJ444P;
}

bool is_420(int format) { return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P; }

AVPixelFormat without_range(int format) {  // swscale wants the range said, not in the format
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    default:
      return static_cast<AVPixelFormat>(format);
  }
}

// 0…255 to `low`…`low + span`, as ITU-T H.273 clause 8.3 maps ranges; in 16 bits, so that the
// compiler makes vector code of it.
void narrow(const AVFrame& from, AVFrame& to, int plane, int width, int height) {
  const unsigned span = plane == 0 ? 219 : 224;
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* in = from.data[plane] + std::ptrdiff_t{y} * from.linesize[plane];
    std::uint8_t* out = to.data[plane] + std::ptrdiff_t{y} * to.linesize[plane];
    for (int x = 0; x < width; ++x) {
      // 257 / 65536 is 1 / 255 as near as 8 bits show.
      out[x] = static_cast<std::uint8_t>(16 + ((in[x] * span * 257U + 32768U) >> 16));
    }
  }
}

// Lines of the second field are made from their neighbours: half the vertical detail, no combing.
void deinterlace(AVFrame& picture) {
  for (int plane = 0; plane < 3; ++plane) {
    const int shift = plane == 0 ? 0 : 1;
    const int height = picture.height >> shift, width = picture.width >> shift;
    const std::ptrdiff_t stride = picture.linesize[plane];
    for (int y = 1; y + 1 < height; y += 2) {
      std::uint8_t* line = picture.data[plane] + y * stride;
      for (int x = 0; x < width; ++x) {
        line[x] = static_cast<std::uint8_t>((line[x - stride] + line[x + stride] + 1) / 2);
      }
    }
  }
}

}  // namespace

bool PictureConverter::prepare(const AVFrame& picture, int width, int height) {
  if (!result_ || result_->width != width || result_->height != height) {
    result_ = av::new_frame();
    result_->format = AV_PIX_FMT_YUV420P;
    result_->width = width;
    result_->height = height;
    if (av_frame_get_buffer(result_.get(), 0) < 0) return false;
  }
  if (av_frame_make_writable(result_.get()) < 0) return false;
  av_frame_copy_props(result_.get(), &picture);
  // Copied beside those of the picture before; what is wanted of them is carried apart (captions.h).
  while (result_->nb_side_data > 0) {
    av_frame_remove_side_data(result_.get(), result_->side_data[0]->type);
  }
  result_->color_range = AVCOL_RANGE_MPEG;
  result_->interlaced_frame = 0;
  return true;
}

AVFrame* PictureConverter::convert(AVFrame& picture) {
  const int width = (width_ > 0 ? width_ : picture.width) & ~1;
  const int height = (height_ > 0 ? height_ : picture.height) & ~1;
  const auto possible = [](int side) { return side >= kSideMin && side <= kPictureSideMax; };
  if (!possible(width) || !possible(height)) return nullptr;
  const bool same_size = width == (picture.width & ~1) && height == (picture.height & ~1);
  const bool simple = same_size && is_420(picture.format);
  if (simple && !full_range(picture) && picture.interlaced_frame == 0 && width == picture.width &&
      height == picture.height) {
    return &picture;
  }
  if (!prepare(picture, width, height)) return nullptr;
  if (simple && full_range(picture)) {
    for (int plane = 0; plane < 3; ++plane) {
      const int shift = plane == 0 ? 0 : 1;
      narrow(picture, *result_, plane, width >> shift, height >> shift);
    }
  } else {
    const AVPixelFormat from = without_range(picture.format);
    const int source_width = same_size ? width : picture.width;
    const int source_height = same_size ? height : picture.height;
    scaler_.reset(sws_getCachedContext(scaler_.release(), source_width, source_height, from, width,
                                       height, AV_PIX_FMT_YUV420P, SWS_BILINEAR, nullptr, nullptr,
                                       nullptr));
    if (!scaler_) return nullptr;
    const int* table = sws_getCoefficients(picture.colorspace);
    sws_setColorspaceDetails(scaler_.get(), table, full_range(picture) ? 1 : 0, table, 0, 0,
                             1 << 16, 1 << 16);
    if (sws_scale(scaler_.get(), picture.data, picture.linesize, 0, source_height, result_->data,
                  result_->linesize) < 0) {
      return nullptr;
    }
  }
  if (picture.interlaced_frame != 0) deinterlace(*result_);
  return result_.get();
}

}  // namespace butai::worker
