#include "delivery/dash/growing.h"

#include <memory>
#include <utility>

#include "delivery/limits.h"
#include "net/loop.h"

namespace butai::delivery::dash {
namespace {

// Owns itself until the segment is whole, or the peer or the segment goes.
class Growing final : public live::ViewListener {
 public:
  Growing(live::ChannelView& view, media::TrackId track, std::int64_t start,
          std::unique_ptr<net::BodyWriter> body, net::Loop& loop)
      : view_(&view), track_(track), start_(start), body_(std::move(body)), loop_(loop) {
    view.add(*this);
    body_->on_gone([this] { leave(); });
    // A publisher that stopped leaves its segment open: cut, so that nobody keeps half of it.
    timeout_ = loop_.after(kHoldMax, [this] { leave(); });
    send();
  }

  void on_chunk() override { send(); }
  void on_playlist_change() override { send(); }  // it was closed

 private:
  void send() {
    if (view_ == nullptr) return;
    const live::SegmentLog* log = view_->log(track_);
    const live::Segment* segment = log != nullptr ? log->find(start_) : nullptr;
    if (segment == nullptr) return leave();
    if (segment->bytes > sent_) {
      body_->write(segment->pieces(sent_, segment->bytes - sent_));
      sent_ = segment->bytes;
    }
    if (!segment->complete) return;
    body_->finish();
    leave();
  }

  void leave() {
    if (view_ == nullptr) return;
    std::exchange(view_, nullptr)->remove(*this);
    timeout_.reset();
    // Not here: this runs inside a call of the body or of the view.
    loop_.post([this] { delete this; });
  }

  live::ChannelView* view_;
  media::TrackId track_;
  std::int64_t start_;
  std::unique_ptr<net::BodyWriter> body_;
  net::Loop& loop_;
  TimerHandle timeout_;
  std::size_t sent_ = 0;  // bytes
};

}  // namespace

void send_growing(live::ChannelView& view, media::TrackId track, std::int64_t start,
                  net::Response head, net::ExchangePtr exchange) {
  head.headers.add("Incremental", "?1");
  net::Loop& loop = exchange->loop();
  new Growing(view, track, start, exchange->stream(std::move(head)), loop);
}

}  // namespace butai::delivery::dash
