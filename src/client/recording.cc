#include "client/recording.h"

#include <utility>

#include "client/limits.h"
#include "media/h264.h"

namespace butai::client {
namespace {

// The access unit without the capture time that its source put in: the probe has its own.
Bytes without_capture(const Bytes& unit) {
  const auto nals = media::split_lengths(unit);
  if (!nals || !media::find_capture(unit)) return unit;
  media::NalUnits kept;
  for (const ByteView nal : *nals) {
    if (!media::find_capture(media::join_lengths({nal}))) kept.push_back(nal);
  }
  return media::join_lengths(kept);
}

}  // namespace

Recording::Recording(net::Loop& loop, const Clock& clock, worker::LineOptions options,
                     std::function<void(Expected<void>)> done)
    : loop_(loop),
      done_(std::move(done)),
      line_(std::make_unique<worker::Line>(loop, clock, std::move(options), *this)) {}

Recording::~Recording() = default;

void Recording::on_tracks(const std::vector<media::Track>& tracks) {
  for (const media::Track& track : tracks) {
    if (track.id == media::kVideoTrack) tracks_ = {track};
  }
}

void Recording::on_frame(media::Frame frame) {
  if (!done_ || frame.track != media::kVideoTrack || (frames_.empty() && !frame.key)) return;
  if (!frames_.empty() && frame.key) return finish({});
  frame.data = without_capture(frame.data);
  frames_.push_back(std::move(frame));
}

void Recording::on_picture(media::Picture picture) {
  if (!done_) return;
  // An uncommented copy each time it is sent: the comment is put in then.
  pictures_.push_back(std::move(picture.jpeg));
  if (pictures_.size() == kPicturesKept) finish({});
}

void Recording::finish(Expected<void> result) {
  if (!done_) return;
  // The Line is calling us: it goes when it has returned.
  loop_.post([line = std::move(line_)] {});
  std::exchange(done_, nullptr)(std::move(result));
}

media::Frame Recording::next_frame(Utc now) {
  media::Frame frame = frames_[next_];
  next_ = (next_ + 1) % frames_.size();
  frame.dts = frame.pts = Ticks::from(now.time_since_epoch(), tracks_.front().timescale).value;
  frame.captured = now;
  return frame;
}

const Bytes& Recording::next_picture() {
  next_ = (next_ + 1) % pictures_.size();
  return pictures_[next_];
}

}  // namespace butai::client
