#include "worker/ffmpeg/deinterlacer.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

#include <fmt/format.h>

#include <string>

namespace butai::worker {

bool Deinterlacer::put(AVFrame& picture, std::int64_t pts, const Take& take) {
  if (!prepare(picture)) return false;
  picture.pts = pts;
  if (av_buffersrc_add_frame_flags(in_, &picture, AV_BUFFERSRC_FLAG_KEEP_REF) < 0) return false;
  take_out(take);
  return true;
}

void Deinterlacer::finish(const Take& take) {
  if (!graph_) return;
  if (av_buffersrc_add_frame(in_, nullptr) >= 0) take_out(take);
  graph_.reset();
}

void Deinterlacer::take_out(const Take& take) {
  const AVRational filtered = av_buffersink_get_time_base(out_);
  while (av_buffersink_get_frame(out_, result_.get()) >= 0) {
    const std::int64_t pts = av_rescale_q(result_->pts, filtered, time_base_);
    result_->interlaced_frame = 0;
    take(*result_, pts);
    av_frame_unref(result_.get());
  }
}

// A graph of its own for each size and format.
bool Deinterlacer::prepare(const AVFrame& picture) {
  if (graph_ && picture.width == width_ && picture.height == height_ && picture.format == format_) {
    return true;
  }
  width_ = picture.width;
  height_ = picture.height;
  format_ = picture.format;
  graph_.reset(avfilter_graph_alloc());
  const std::string source =
      fmt::format("video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect={}/{}", width_, height_,
                  format_, time_base_.num, time_base_.den, picture.sample_aspect_ratio.num,
                  picture.sample_aspect_ratio.den == 0 ? 1 : picture.sample_aspect_ratio.den);
  const std::string filter = fmt::format("mode={}:parity=auto:deint=interlaced",
                                         rate_ == Rate::EachField ? "send_field" : "send_frame");
  AVFilterContext* bwdif = nullptr;
  const auto add = [this](AVFilterContext*& context, const char* name, const char* arguments) {
    return avfilter_graph_create_filter(&context, avfilter_get_by_name(name), name, arguments,
                                        nullptr, graph_.get()) >= 0;
  };
  const bool good = add(in_, "buffer", source.c_str()) && add(bwdif, "bwdif", filter.c_str()) &&
                    add(out_, "buffersink", nullptr) && avfilter_link(in_, 0, bwdif, 0) == 0 &&
                    avfilter_link(bwdif, 0, out_, 0) == 0 &&
                    avfilter_graph_config(graph_.get(), nullptr) >= 0;
  if (!good) graph_.reset();
  return good;
}

}  // namespace butai::worker
