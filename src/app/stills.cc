#include "app/stills.h"

#include <memory>
#include <utility>

#include "worker/line.h"

namespace butai::app {

// Owns itself until it has an answer.
class Stills::Making final : public worker::LineListener,
                             public std::enable_shared_from_this<Making> {
 public:
  Making(Stills& stills, net::Loop& loop, Done done)
      : stills_(stills), loop_(loop), done_(std::move(done)) {
    stills_.running_.fetch_add(1, std::memory_order_relaxed);
  }

  void start(const media::Track& track, const media::Frame& frame) {
    self_ = shared_from_this();
    worker::LineOptions options;
    options.executable = stills_.worker_;
    options.job = worker::Job::Still;
    options.label = "still";
    line_ = std::make_unique<worker::Line>(loop_, stills_.clock_, std::move(options), *this);
    media::Track source = track;
    source.id = media::kVideoTrack;
    line_->describe({source});
    line_->push(frame);
    late_ = loop_.after(kTime, [this] { end({}); });
  }

  void on_tracks(const std::vector<media::Track>&) override {}
  void on_frame(media::Frame) override {}  // NOLINT(performance-unnecessary-value-param)
  void on_picture(media::Picture picture) override { end(std::move(picture.jpeg)); }
  void on_loss(const std::string&) override { end({}); }
  void on_complaint(const std::string&) override { end({}); }

 private:
  void end(Bytes jpeg) {
    if (!self_) return;
    late_.reset();
    stills_.running_.fetch_sub(1, std::memory_order_relaxed);
    // Not inside a call of the line, which ends with this.
    loop_.post([self = std::move(self_), jpeg = std::move(jpeg)] {
      self->line_.reset();
      self->done_(jpeg);
    });
  }

  Stills& stills_;
  net::Loop& loop_;
  Done done_;
  std::unique_ptr<worker::Line> line_;
  TimerHandle late_;
  std::shared_ptr<Making> self_;
};

void Stills::make(const media::Track& track, const media::Frame& frame, net::Loop& loop,
                  Done done) {
  if (running_.load(std::memory_order_relaxed) >= kAtOnce) {
    return loop.post([done = std::move(done)] { done({}); });
  }
  std::make_shared<Making>(*this, loop, std::move(done))->start(track, frame);
}

}  // namespace butai::app
