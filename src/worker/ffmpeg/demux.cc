// Job::Demux: pieces of a container become frames, as soon as they are whole.
// Flow:   ContainerInput -> FFmpeg demuxer (told, not probed) -> VideoPath, AudioPath -> Output
// Limits: the demuxers' own, within the process' limits; a container whose structure is damaged ends
//         the process, and the parent starts another at the next boundary.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "worker/ffmpeg/audio_path.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/container_input.h"
#include "worker/ffmpeg/jobs.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/source_tracks.h"
#include "worker/ffmpeg/video_path.h"

namespace butai::worker {
namespace {

// Enough for the tables of a transport stream at its slowest repetition (0.5 s at 600 kbit/s).
constexpr std::int64_t kProbeBytes = 188 * 200;

const char* demuxer_of(Container container) {
  switch (container) {
    case Container::Mp4:
      return "mov";
    case Container::WebM:
      return "matroska";
    case Container::Flv:
      return "flv";
    case Container::MpegTs:
      return "mpegts";
  }
  return "";
}

// One container from its header to its end.
class Demuxing {
 public:
  Demuxing(ParentLink& parent, const Encoding& encoding, ContainerInput& input, Output& output)
      : parent_(parent), encoding_(encoding), input_(input), output_(output) {}

  void run(Container container, SourceAnchor& anchor) {
    if (!open(container)) return;
    SourceTracks tracks(parent_, encoding_, output_, anchor);
    output_.expect(promised(container));
    const bool described_by_header = container == Container::Mp4 || container == Container::WebM;
    if (described_by_header) tracks.adopt_all(*format_);
    const auto packet = av::new_packet();
    for (;;) {
      const int result = av_read_frame(format_.get(), packet.get());
      if (const auto moved = input_.take_anchor()) anchor.set(*moved);
      if (input_.take_key_frame_wish()) tracks.ask_key_frame();
      if (result == AVERROR(EAGAIN)) continue;
      if (result < 0) {
        if (result != AVERROR_EOF && !input_.ended()) damaged(result);
        break;
      }
      tracks.take(*format_, *packet);
      av_packet_unref(packet.get());
    }
    tracks.finish();
    output_.flush();
  }

 private:
  bool open(Container container) {
    io_ = input_.reader();
    AVFormatContext* format = avformat_alloc_context();
    format->pb = io_.get();
    format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOBUFFER;
    format->probesize = kProbeBytes;
    format->max_streams = 16;
    const int result = avformat_open_input(&format, "", av_find_input_format(demuxer_of(container)),
                                           nullptr);  // frees `format` when it fails
    if (result < 0) {
      if (!input_.ended()) damaged(result);
      return false;
    }
    format_.reset(format);
    return true;
  }

  [[noreturn]] void damaged(int error) {
    give_up(parent_, fmt::format("The container is damaged ({}); start again with a new header.",
                                 av::error_text(error)));
  }

  // What the header promises; tracks of a transport stream or FLV may still come.
  std::vector<media::TrackId> promised(Container container) const {
    bool video = false, audio = false;
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
      const AVMediaType type = format_->streams[i]->codecpar->codec_type;
      video = video || type == AVMEDIA_TYPE_VIDEO;
      audio = audio || type == AVMEDIA_TYPE_AUDIO;
    }
    const bool open_end = container == Container::Flv || (!video && !audio);
    std::vector<media::TrackId> promised;
    if (video || open_end) promised.push_back(media::kVideoTrack);
    if (audio || open_end) promised.push_back(media::kAudioTrack);
    if (brings_second(*format_, encoding_)) promised.push_back(media::kSecondSound);
    return promised;
  }

  ParentLink& parent_;
  const Encoding& encoding_;
  ContainerInput& input_;
  Output& output_;
  av::Own<AVIOContext> io_;
  av::Own<AVFormatContext> format_;
};

}  // namespace

void run_demux(ParentLink& parent, const Configuration& configuration) {
  ContainerInput input(parent);
  Output output(parent);
  SourceAnchor anchor;
  while (const auto container = input.next()) {
    Demuxing(parent, configuration.encoding, input, output).run(*container, anchor);
  }
  parent.send(encode(MessageType::End));
}

}  // namespace butai::worker
