// The requests that wait on one channel on one loop: blocking playlist reloads and hinted parts.
// A change of the channel is asked about once per awaited thing; all who wait for it are answered in
// one sweep. Who waits kHoldMax is told 503.
// Flow:   hls handlers -> wait(); live::ChannelView tells -> hls::reply() -> respond
// Thread: one loop.
// Limits: kHoldMax (delivery/limits.h).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/clock.h"
#include "base/executor.h"
#include "delivery/document.h"
#include "delivery/wait_list.h"
#include "live/channel_view.h"
#include "net/http.h"
#include "package/key_lines.h"

namespace butai::delivery::hls {

// A point in a playlist, or a part by its address.
struct Awaited {
  enum class Kind : std::uint8_t { Playlist, Part } kind = Kind::Playlist;
  media::TrackId track{};
  std::uint64_t number = 0;         // media sequence number, or the segment's start in ticks
  std::optional<std::size_t> part;  // none: the whole segment
  friend auto operator<=>(const Awaited&, const Awaited&) = default;
};

// How one of those who wait wants it.
struct Wish {
  enum class Update : std::uint8_t { Whole, Delta } update = Update::Whole;
  Document::Form form;
  package::KeysWanted keys = {};
  friend bool operator==(const Wish&, const Wish&) = default;
};

using Reply = std::variant<net::ReadyAnswerPtr, net::Response>;
void send(net::Exchange& exchange, const Reply& reply);

class Hold final : private live::ViewListener {
 public:
  Hold(live::ChannelView& view, Executor& loop, const Clock& clock)
      : view_(view), loop_(loop), clock_(clock) {}

  // Others wait for it, so it is not there: every change releases what has come.
  bool awaits(const Awaited& what) const { return waiting_.has(what); }
  void wait(const Awaited& what, const Wish& wish, net::ExchangePtr exchange);

 private:
  struct Waiter {
    Wish wish;
    net::ExchangePtr exchange;
  };

  void on_playlist_change() override { sweep(); }
  void sweep();
  void expire();
  void rest();  // until somebody waits again, if nobody does

  live::ChannelView& view_;
  Executor& loop_;
  const Clock& clock_;
  WaitList<Awaited, Waiter> waiting_;
  TimerHandle timeout_;
  bool listening_ = false;
};

}  // namespace butai::delivery::hls
