// A file or standard input, sent at its own pace as if it happened now.
// Flow:   descriptor -> FFmpeg demuxer -> SourceTracks -> Pacer -> Output           (h264)
//                                      -> VideoDecoder -> PictureOutput            (jpeg)
// Limits: the demuxers' own; of a file kReadAhead in hand, of a pipe one packet.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "worker/child.h"
#include "worker/ffmpeg/aac_encoder.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/capture_sources.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/picture_output.h"
#include "worker/ffmpeg/source_tracks.h"
#include "worker/rate_policy.h"

namespace butai::worker {
namespace {

constexpr int kReadBufferBytes = 64 * 1024;
constexpr Micros kLateMax{1'000'000};  // a pause of the line or of the pipe: the rest moves with it
// A file may bring seconds of one track before the same seconds of the other (a fragmented one does): so much
// is read before the earliest packet is taken.
constexpr Micros kReadAhead{2'500'000};
// A pipe may bring the picture much later than FFmpeg's guess at it takes.
constexpr std::int64_t kAnalyzeMicros = 1'000'000;

int read_descriptor(void* opaque, std::uint8_t* to, int size) {
  const int descriptor = *static_cast<int*>(opaque);
  for (;;) {
    // While a pipe is silent, the end of the parent is noticed too.
    pollfd entries[2]{{descriptor, POLLIN, 0}, {kChildSocket, POLLRDHUP, 0}};
    poll(entries, 2, -1);
    if (entries[1].revents & (POLLRDHUP | POLLHUP | POLLERR)) _exit(kExitDone);
    const ssize_t count = read(descriptor, to, static_cast<std::size_t>(size));
    if (count > 0) return static_cast<int>(count);
    if (count == 0) return AVERROR_EOF;
    if (errno != EINTR && errno != EAGAIN) return AVERROR(errno);
  }
}

std::int64_t seek_descriptor(void* opaque, std::int64_t offset, int whence) {
  const int descriptor = *static_cast<int*>(opaque);
  if (whence == AVSEEK_SIZE) {
    const off_t at = lseek(descriptor, 0, SEEK_CUR), end = lseek(descriptor, 0, SEEK_END);
    lseek(descriptor, at, SEEK_SET);
    return end;
  }
  return lseek(descriptor, offset, whence & ~AVSEEK_FORCE);
}

// Puts source times on the wall clock and holds frames back until theirs has come.
class Pacer final : public FrameSink {
 public:
  Pacer(ParentLink& parent, Output& output, SourceAnchor& anchor)
      : parent_(parent), output_(output), anchor_(anchor) {}

  // Before the first packet, and with every later one: where the source is now.
  void start(std::int64_t micros) {
    if (!offset_) move(micros_of(utc_now()) - micros);
  }
  Utc utc(std::int64_t micros) const { return utc_of(micros + *offset_); }
  // Waits; false: the parent asked us to finish.
  void wait(std::int64_t micros) {
    const Utc due = utc(micros), now = utc_now();
    if (now - due > kLateMax) move(micros_of(now) - micros);
    const CaptureWishes wishes = wait_until(parent_, due);
    key_frame_ = key_frame_ || wishes.key_frame;
    finish_ = finish_ || wishes.finish;
  }

  void promise(media::TrackId id) override { output_.promise(id); }
  void describe(media::Track track) override {
    timescales_.at(track.id) = track.timescale;
    output_.describe(std::move(track));
  }
  void put(media::Frame frame) override {
    const std::int64_t shift = mul_div(*offset_, timescales_.at(frame.track), 1'000'000);
    frame.dts += shift;
    frame.pts += shift;
    if (frame.track == media::kVideoTrack) frame.captured = utc_now();
    output_.put(std::move(frame));
  }

  bool take_key_frame_wish() { return std::exchange(key_frame_, false); }
  bool finished() const { return finish_; }

 private:
  void move(std::int64_t offset) {
    offset_ = offset;
    anchor_.set({0, utc_of(offset)});
  }

  ParentLink& parent_;
  Output& output_;
  SourceAnchor& anchor_;
  std::optional<std::int64_t> offset_;  // UTC minus source time, microseconds
  std::array<std::uint32_t, media::kFirstRung> timescales_{};  // by TrackId; told before frames
  bool key_frame_ = false, finish_ = false;
};

class FileCapture {
 public:
  FileCapture(ParentLink& parent, const Configuration& configuration, int descriptor)
      : parent_(parent),
        configuration_(configuration),
        descriptor_(descriptor),
        output_(parent),
        pacer_(parent, output_, anchor_),
        pictures_(parent, configuration, output_),
        rate_(configuration.capture.frames_per_second) {}

  void run() {
    open();
    SourceTracks tracks(parent_, configuration_.encoding, pacer_, anchor_);
    while (!pacer_.finished()) {
      while (wants_more()) read_one();
      if (held_.empty()) break;
      const auto first = held_.extract(held_.begin());
      take(tracks, *first.mapped(), first.key());
    }
    tracks.finish();
    output_.flush();
  }

 private:
  void open() {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kReadBufferBytes));
    seekable_ = lseek(descriptor_, 0, SEEK_CUR) >= 0;
    io_.reset(avio_alloc_context(buffer, kReadBufferBytes, 0, &descriptor_, read_descriptor,
                                 nullptr, seekable_ ? seek_descriptor : nullptr));
    AVFormatContext* format = avformat_alloc_context();
    format->pb = io_.get();
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    format->max_analyze_duration = kAnalyzeMicros;
    int result = avformat_open_input(&format, "", nullptr, nullptr);
    if (result >= 0) {
      format_.reset(format);
      result = avformat_find_stream_info(format, nullptr);
    }
    if (result < 0)
      give_up(parent_, fmt::format("The source is no picture or sound that FFmpeg knows: {}.",
                                   av::error_text(result)));
    bool video = false, audio = false;
    for (unsigned i = 0; i < format->nb_streams; ++i) {
      const AVMediaType type = format->streams[i]->codecpar->codec_type;
      if (type == AVMEDIA_TYPE_VIDEO && !video) picture_index_ = static_cast<int>(i);
      video = video || type == AVMEDIA_TYPE_VIDEO;
      audio = audio || type == AVMEDIA_TYPE_AUDIO;
    }
    if (!video && (pictures_.wants_jpeg() || !audio))
      give_up(parent_, "The source has no picture.");
    std::vector<media::TrackId> promised;
    if (video) promised.push_back(media::kVideoTrack);
    if (audio) promised.push_back(media::kAudioTrack);
    if (brings_second(*format, configuration_.encoding)) promised.push_back(media::kSecondSound);
    output_.expect(std::move(promised));
  }

  // The next turn continues the times of this one.
  bool rewind() {
    const std::int64_t start = format_->start_time == av::kNoTime ? 0 : format_->start_time;
    if (end_ <= begin_ || av_seek_frame(format_.get(), -1, start, AVSEEK_FLAG_BACKWARD) < 0)
      return false;
    turn_offset_ += end_ - begin_;
    begin_ = std::numeric_limits<std::int64_t>::max();
    end_ = 0;
    return true;
  }

  // In the stream's time base. A file may say less of its last frame of sound, which is played whole.
  static std::int64_t duration_of(const AVPacket& packet, const AVStream& stream) {
    const AVCodecParameters& codec = *stream.codecpar;
    if (codec.frame_size <= 0 || codec.sample_rate <= 0) return packet.duration;
    const AVRational sample{1, codec.sample_rate};
    return std::max(packet.duration, av_rescale_q(codec.frame_size, sample, stream.time_base));
  }

  bool wants_more() const {
    if (ended_ || held_.empty()) return !ended_;
    return seekable_ && Micros{held_.rbegin()->first - held_.begin()->first} < kReadAhead;
  }

  // One packet more in hand, with the times of this turn.
  void read_one() {
    auto packet = av::new_packet();
    const int result = av_read_frame(format_.get(), packet.get());
    if (result == AVERROR(EAGAIN)) return;
    if (result < 0) {
      ended_ = !configuration_.capture.loop || !rewind();
      return;
    }
    const AVStream& stream = *format_->streams[packet->stream_index];
    const AVRational time_base = stream.time_base, micro{1, 1'000'000};
    const std::int64_t stamp = packet->dts != av::kNoTime ? packet->dts : packet->pts;
    if (stamp == av::kNoTime) return;
    const std::int64_t own = av_rescale_q(stamp, time_base, micro);
    begin_ = std::min(begin_, own);
    end_ = std::max(end_, own + av_rescale_q(duration_of(*packet, stream), time_base, micro));
    const std::int64_t shift = av_rescale_q(turn_offset_, micro, time_base);
    if (packet->dts != av::kNoTime) packet->dts += shift;
    if (packet->pts != av::kNoTime) packet->pts += shift;
    held_.emplace(own + turn_offset_, std::move(packet));
  }

  void take(SourceTracks& tracks, AVPacket& packet, std::int64_t micros) {
    const AVRational time_base = format_->streams[packet.stream_index]->time_base;
    pacer_.start(micros);
    pacer_.wait(micros);
    if (pictures_.wants_jpeg()) {
      if (packet.stream_index == picture_index_) take_picture(packet, time_base);
      return;
    }
    if (pacer_.take_key_frame_wish()) tracks.ask_key_frame();
    tracks.take(*format_, packet);
  }

  void take_picture(const AVPacket& packet, AVRational time_base) {
    if (!decoder_) {
      auto opened = VideoDecoder::open(*format_->streams[picture_index_]->codecpar, time_base);
      if (!opened) give_up(parent_, opened.error());
      decoder_ = std::move(*opened);
    }
    decoder_->decode(&packet, [&](AVFrame& picture, std::int64_t pts) {
      const std::int64_t micros = av_rescale_q(pts, time_base, AVRational{1, 1'000'000});
      if (!rate_.admit(micros)) return;
      pacer_.wait(micros);
      pictures_.put(picture, pacer_.utc(micros), utc_now());
    });
  }

  ParentLink& parent_;
  const Configuration& configuration_;
  int descriptor_;
  SourceAnchor anchor_;
  Output output_;
  Pacer pacer_;
  PictureOutput pictures_;
  RatePolicy rate_;
  av::Own<AVIOContext> io_;
  av::Own<AVFormatContext> format_;
  int picture_index_ = -1;
  bool seekable_ = false, ended_ = false;
  std::multimap<std::int64_t, av::PacketPtr> held_;  // by time, microseconds
  std::optional<VideoDecoder> decoder_;
  std::int64_t turn_offset_ = 0;  // microseconds: what all turns before took
  // Of this turn's packets, microseconds of the source: sound may begin before its time 0.
  std::int64_t begin_ = std::numeric_limits<std::int64_t>::max(), end_ = 0;
};

}  // namespace

void capture_descriptor(ParentLink& parent, const Configuration& configuration, int descriptor) {
  FileCapture(parent, configuration, descriptor).run();
}

}  // namespace butai::worker
