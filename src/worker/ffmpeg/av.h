// FFmpeg's C handles as owners, and its error codes as text. FFmpeg 5.1.
// Thread: as FFmpeg says: one object, one thread.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "media/track.h"

namespace butai::worker::av {

// AV_NOPTS_VALUE without its C cast.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();
static_assert(kNoTime == AV_NOPTS_VALUE);

struct Close {
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVCodecParameters* p) const { avcodec_parameters_free(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFilterGraph* p) const { avfilter_graph_free(&p); }
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
  void operator()(SwrContext* p) const { swr_free(&p); }
  void operator()(AVDictionary* p) const { av_dict_free(&p); }
  void operator()(AVIOContext* p) const {
    av_freep(static_cast<void*>(&p->buffer));
    avio_context_free(&p);
  }
};
template <class T>
using Own = std::unique_ptr<T, Close>;
using FramePtr = Own<AVFrame>;
using PacketPtr = Own<AVPacket>;
using CodecPtr = Own<AVCodecContext>;

inline FramePtr new_frame() { return FramePtr(av_frame_alloc()); }
inline PacketPtr new_packet() { return PacketPtr(av_packet_alloc()); }
PacketPtr packet_of(ByteView bytes);  // a copy with the padding that FFmpeg's readers want

// A new description of the track that came with the packet; empty: none.
inline ByteView new_extradata(const AVPacket& packet) {
  std::size_t size = 0;
  const std::uint8_t* bytes = av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
  return bytes != nullptr ? ByteView{bytes, size} : ByteView{};
}

inline std::string error_text(int error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(error, text.data(), text.size());
  return text.data();
}

// `time` in units of `from` as ticks of `timescale`, rounded to nearest; kNoTime stays.
inline std::int64_t ticks(std::int64_t time, AVRational from, std::uint32_t timescale) {
  if (time == kNoTime) return kNoTime;
  return av_rescale_q(time, from, AVRational{1, static_cast<int>(timescale)});
}

}  // namespace butai::worker::av
