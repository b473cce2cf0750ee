// A publisher of the house's own, on input A of its channel: a file or the test picture, over and over,
// for as long as the channel lives. It makes a test channel.
// Flow:   butai-worker (Job::Capture) -> worker::Line -> here -> live::Input
// Thread: the channel's loop.
// Limits: worker/limits.h. A file that cannot be read is tried again each second; the log says so once.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "live/channel.h"
#include "live/publisher.h"
#include "net/loop.h"
#include "worker/line.h"

namespace butai::ingest {

class HousePublisher final : public live::Publisher, public worker::LineListener {
 public:
  // Takes the input in a task of its own: the channel may still be being furnished.
  HousePublisher(live::Channel& channel, net::Loop& loop, const Clock& clock,
                 worker::LineOptions options);

  void dismiss(live::Dismissal why) override;
  void instruct(const live::Instruction& instruction, live::InstructionDone done) override;

  void on_tracks(const std::vector<media::Track>& tracks) override;
  void on_frame(media::Frame frame) override;
  void on_loss(const std::string& reason) override;
  void on_complaint(const std::string& sentence) override;

 private:
  void begin();

  live::Channel& channel_;
  net::Loop& loop_;
  const Clock& clock_;
  worker::LineOptions options_;
  live::Input* input_ = nullptr;  // null before it was taken, and once dismissed
  std::string complaint_;         // the last one that was logged
  TimerHandle begin_;
  std::unique_ptr<worker::Line> line_;
};

}  // namespace butai::ingest
