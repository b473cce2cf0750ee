// Job::Jpeg: one JPEG per Input becomes one H.264 access unit, within milliseconds.
// Flow:   Input -> newest of what waits -> decode -> 4:2:0 -> x264 -> Output
// Limits: Encoding::frames_per_second_max by a bucket of two pictures, so that jitter drops none.
#include <algorithm>
#include <optional>
#include <string>

#include "media/jpeg.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/jobs.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/picture_converter.h"
#include "worker/ffmpeg/video_encoder.h"
#include "worker/limits.h"
#include "worker/rate_policy.h"

namespace butai::worker {
namespace {

constexpr std::uint32_t kTimescale = 90'000;

class JpegEncoder {
 public:
  JpegEncoder(ParentLink& parent, const Encoding& encoding)
      : parent_(parent),
        encoding_(encoding),
        output_(parent),
        grid_(encoding.segment),
        rate_(encoding.frames_per_second_max) {
    const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    decoder_.reset(avcodec_alloc_context3(codec));
    decoder_->thread_count = 1;  // frame threads would keep pictures back
    decoder_->max_pixels = std::int64_t{kPictureSideMax} * kPictureSideMax;
    avcodec_open2(decoder_.get(), codec, nullptr);
    picture_ = av::new_frame();
    output_.expect({media::kVideoTrack});
  }

  void key_frame() { grid_.ask(); }

  void encode(const Input& input) {
    const std::int64_t pts = Ticks::from(input.arrived.time_since_epoch(), kTimescale).value;
    if (pts <= last_pts_ || !rate_.admit(micros_of(input.arrived))) return;
    if (!decode(input.bytes)) {
      parent_.complain("This JPEG cannot be decoded; send baseline or progressive JPEG, 8 bits.");
      return;
    }
    AVFrame* picture = converter_.convert(*picture_);
    if (picture == nullptr || !prepare(*picture)) return;
    const std::int64_t since = last_pts_ < 0 ? 0 : pts - last_pts_;
    picture->pts = last_pts_ = pts;
    auto frame = encoder_->encode(*picture, grid_.is_key(input.arrived));
    if (!frame) return;
    frame->captured = input.captured;
    frame->duration = predict(since);
    output_.put(std::move(*frame));
  }

 private:
  // Ticks until the next picture, as it was lately; pauses do not count.
  std::int64_t predict(std::int64_t since) {
    if (since > 0 && since < kTimescale) interval_ += (since - interval_) / 8;
    return interval_;
  }

  bool decode(const Bytes& jpeg) {
    if (!media::looks_like_jpeg(jpeg)) return false;
    const auto packet = av::packet_of(jpeg);
    av_frame_unref(picture_.get());
    const bool decoded = packet && avcodec_send_packet(decoder_.get(), packet.get()) >= 0 &&
                         avcodec_receive_frame(decoder_.get(), picture_.get()) >= 0;
    if (!decoded) avcodec_flush_buffers(decoder_.get());
    return decoded;
  }

  // A new size is a new encoder, a new track and a key frame.
  bool prepare(const AVFrame& picture) {
    if (encoder_ && encoder_->track().width == picture.width &&
        encoder_->track().height == picture.height) {
      return true;
    }
    VideoEncoder::Options options;
    options.width = picture.width;
    options.height = picture.height;
    options.frame_rate = {encoding_.frames_per_second_max, 1};
    options.encoding = encoding_;
    options.matrix = AVCOL_SPC_SMPTE170M;  // JFIF is BT.601
    options.primaries = AVCOL_PRI_BT709;   // with the primaries of sRGB
    options.transfer = AVCOL_TRC_BT709;
    auto opened = VideoEncoder::open(options);
    if (!opened) {
      parent_.complain(opened.error());
      return false;
    }
    encoder_ = std::move(*opened);
    media::Track track = encoder_->track();
    track.frame_rate = {};  // as the pictures come
    output_.describe(std::move(track));
    grid_.ask();
    return true;
  }

  ParentLink& parent_;
  Encoding encoding_;
  Output output_;
  KeyFrameGrid grid_;
  RatePolicy rate_;
  av::CodecPtr decoder_;
  av::FramePtr picture_;
  PictureConverter converter_;
  std::unique_ptr<VideoEncoder> encoder_;
  std::int64_t last_pts_ = -1;
  std::int64_t interval_ = kTimescale / 30;  // ticks; until pictures tell otherwise
};

}  // namespace

void run_jpeg(ParentLink& parent, const Configuration& configuration) {
  JpegEncoder encoder(parent, configuration.encoding);
  for (bool finished = false; !finished;) {
    std::optional<Input> newest;
    for (std::optional<Message> message = parent.receive(); message;
         message = parent.receive_if_any()) {
      if (message->type == MessageType::Input) {
        if (auto input = decode_input(message->payload)) newest = std::move(*input);
      } else if (message->type == MessageType::KeyFrame) {
        encoder.key_frame();
      } else if (message->type == MessageType::Finish) {
        finished = true;
      }
    }
    if (newest) encoder.encode(*newest);
  }
  parent.send(encode(MessageType::End));
}

}  // namespace butai::worker
