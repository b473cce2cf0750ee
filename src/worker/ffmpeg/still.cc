// Job::Still: single key frames in, each as JPEG out.
// Flow:   Tracks, Frame -> decoder -> PictureConverter -> JpegWriter -> ParentLink
// Limits: sides <= kPictureSideMax. One that cannot be decoded ends the process.
#include <optional>
#include <vector>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/jobs.h"
#include "worker/ffmpeg/picture_converter.h"
#include "worker/ffmpeg/picture_output.h"
#include "worker/ffmpeg/track_parameters.h"
#include "worker/ffmpeg/video_transcoder.h"

namespace butai::worker {
namespace {

media::Picture still_of(const media::Track& track, const media::Frame& frame) {
  media::Picture still;
  const auto packet = av::packet_of(frame.data);
  auto decoder = VideoDecoder::open(*parameters_of(track), {1, static_cast<int>(track.timescale)});
  if (!packet || !decoder) return still;
  packet->pts = packet->dts = 0;
  packet->flags |= AV_PKT_FLAG_KEY;
  const auto take = [&still](AVFrame& picture, std::int64_t) {
    PictureConverter converter(0, 0);
    JpegWriter writer;
    AVFrame* whole = converter.convert(picture);
    if (whole == nullptr) return;
    still.jpeg = writer.write(*whole);
    still.width = static_cast<std::uint16_t>(whole->width);
    still.height = static_cast<std::uint16_t>(whole->height);
  };
  decoder->decode(packet.get(), take);
  decoder->decode(nullptr, take);
  return still;
}

}  // namespace

void run_still(ParentLink& parent) {
  std::vector<media::Track> tracks;
  for (;;) {
    const Message message = parent.receive();
    if (message.type == MessageType::Finish) break;
    if (message.type == MessageType::Tracks) {
      if (auto described = decode_tracks(message.payload)) tracks = std::move(*described);
      continue;
    }
    if (message.type != MessageType::Frame) continue;
    const auto frame = decode_frame(message.payload);
    if (!frame || tracks.empty()) continue;
    media::Picture still = still_of(tracks.front(), *frame);
    if (still.jpeg.empty()) give_up(parent, "The key frame cannot be decoded.");
    parent.send(encode(std::move(still)));
  }
  parent.send(encode(MessageType::End));
}

}  // namespace butai::worker
