// Two seconds of the test picture, taken once and sent again and again by the latency probe, so that
// a camera's and an encoder's own time is not in the figures.
// Flow:   worker::Line (Job::Capture, test) -> Recording -> Uplink
// Thread: one loop.
// Limits: one key frame interval, or kPicturesKept pictures.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "media/frame.h"
#include "media/track.h"
#include "net/loop.h"
#include "worker/line.h"

namespace butai::client {

class Recording final : public worker::LineListener {
 public:
  // Calls `done` once: what was recorded can be used, or a sentence.
  Recording(net::Loop& loop, const Clock& clock, worker::LineOptions options,
            std::function<void(Expected<void>)> done);
  ~Recording() override;

  const std::vector<media::Track>& tracks() const { return tracks_; }
  // The next frame, sent and captured now; the recording starts again at its end. H.264 only.
  media::Frame next_frame(Utc now);
  const Bytes& next_picture();
  void restart() { next_ = 0; }  // a key frame comes next

 private:
  void on_tracks(const std::vector<media::Track>& tracks) override;
  void on_frame(media::Frame frame) override;
  void on_picture(media::Picture picture) override;
  void on_loss(const std::string& reason) override {
    finish(problem(complaint_.empty() ? reason : complaint_));
  }
  void on_complaint(const std::string& sentence) override { complaint_ = sentence; }
  void finish(Expected<void> result);

  net::Loop& loop_;
  std::function<void(Expected<void>)> done_;
  std::vector<media::Track> tracks_;
  std::vector<media::Frame> frames_;
  std::vector<Bytes> pictures_;
  std::size_t next_ = 0;
  std::string complaint_;  // why its worker gives up, if it does
  std::unique_ptr<worker::Line> line_;
};

}  // namespace butai::client
