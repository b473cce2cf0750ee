// How loud one input of a channel is: its sound through a worker, what comes back to the channel's status
// and into metrics.
// Flow:   live::Channel (one input) -> here -> worker::Line (Job::Meter) -> Channel::set_loudness, metrics
// Thread: the channel's loop.
// Limits: a worker per input that has ever had sound.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "live/channel.h"
#include "live/frame_reader.h"
#include "net/loop.h"
#include "worker/line.h"

namespace butai::app {

class Meter final : public live::FrameReader {
 public:
  // Of `options`: the executable, the label (the channel's name) and the priority.
  Meter(live::Channel& channel, live::InputSlot slot, net::Loop& loop, const Clock& clock,
        worker::LineOptions options, Metrics& metrics);

  void on_tracks(const std::vector<media::Track>& tracks) override;
  void on_frame(const media::Frame& frame) override;
  void on_discontinuity() override {}  // the programme goes on

 private:
  struct Read final : worker::LineListener {
    explicit Read(Meter& m) : meter(m) {}
    void on_tracks(const std::vector<media::Track>&) override {}
    void on_frame(media::Frame) override {}  // NOLINT(performance-unnecessary-value-param)
    void on_loudness(const media::Loudness& loudness) override;
    void on_loss(const std::string&) override {}  // the line begins again
    void on_complaint(const std::string&) override {}
    Meter& meter;
  };

  live::Channel& channel_;
  live::InputSlot slot_;
  net::Loop& loop_;
  const Clock& clock_;
  worker::LineOptions options_;
  prometheus::Gauge &momentary_, &short_term_, &integrated_, &true_peak_;
  Read read_{*this};
  std::unique_ptr<worker::Line> line_;
};

}  // namespace butai::app
