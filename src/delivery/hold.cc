#include "delivery/hold.h"

#include <utility>

#include "delivery/limits.h"
#include "net/loop.h"

namespace butai::delivery {
namespace {

using Answer = std::function<std::optional<net::Response>(const live::ChannelView&)>;

// Owns itself from the first wait until the answer, the time-out, or the peer's going.
class Held final : public live::ViewListener {
 public:
  Held(live::ChannelView& view, net::ExchangePtr exchange, Answer answer)
      : view_(&view), exchange_(std::move(exchange)), answer_(std::move(answer)) {
    view.add(*this);
    exchange_->on_gone([this] { leave(); });
    timeout_ = exchange_->loop().after(kHoldMax, [this] {
      auto late = net::Response::problem(503, "nothing new came within 12 s; try again");
      late.headers.add("Retry-After", "1");
      finish(std::move(late));
    });
  }

  void on_playlist_change() override {
    if (view_ == nullptr) return;
    if (auto response = answer_(*view_)) finish(std::move(*response));
  }
  void on_end() override {
    if (view_ != nullptr) finish(net::Response::problem(404, "the channel has ended"));
  }

 private:
  void finish(net::Response response) {
    exchange_->respond(std::move(response));
    leave();
  }

  void leave() {
    if (view_ == nullptr) return;
    std::exchange(view_, nullptr)->remove(*this);
    timeout_.reset();
    // Not here: this runs inside a call of the view, the exchange or the timer.
    exchange_->loop().post([this] { delete this; });
  }

  live::ChannelView* view_;
  net::ExchangePtr exchange_;
  Answer answer_;
  TimerHandle timeout_;
};

}  // namespace

void hold(live::ChannelView& view, net::ExchangePtr exchange, Answer answer) {
  if (auto response = answer(view)) return exchange->respond(std::move(*response));
  new Held(view, std::move(exchange), std::move(answer));
}

}  // namespace butai::delivery
