// A channel's further renditions: its clear frames through a worker and back to its packager.
// Flow:   live::Channel -> here -> worker::Line (Job::Ladder) -> package::Packager::on_ladder_frame
// Thread: the channel's loop.
// Limits: worker/limits.h; the picture itself never waits for it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "live/frame_reader.h"
#include "net/loop.h"
#include "package/packager.h"
#include "worker/line.h"

namespace butai::app {

class Ladder final : public live::FrameReader {
 public:
  // `packager` reads the same channel's frames, and gets each of them first.
  // Of `options`: the executable, the rungs, the label (the channel's name) and the priority.
  Ladder(net::Loop& loop, const Clock& clock, worker::LineOptions options,
         package::Packager& packager);

  // Of two sounds the first: the other one is played beside every picture as it is.
  void on_tracks(const std::vector<media::Track>& tracks) override;
  void on_frame(const media::Frame& frame) override {
    if (frame.track != media::kSecondSound) line_.push(frame);
  }
  void on_discontinuity() override {}  // the next picture is a key frame all the same

 private:
  // What comes back from the worker.
  struct Made final : worker::LineListener {
    explicit Made(Ladder& l) : ladder(l) {}
    void on_tracks(const std::vector<media::Track>& tracks) override;
    void on_frame(media::Frame frame) override;
    void on_loss(const std::string& reason) override;
    void on_complaint(const std::string& sentence) override;
    Ladder& ladder;
  };

  std::vector<worker::Rung> rungs_;
  std::string channel_;
  package::Packager& packager_;
  Made made_{*this};
  worker::Line line_;
};

}  // namespace butai::app
