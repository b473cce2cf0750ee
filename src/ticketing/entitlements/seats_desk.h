// Where a ticket becomes a play: is there a right, is it open, is a device free, or is another device to
// make room. A device without a heartbeat for kSeatUnseen has left its seat.
// Flow:   POST /api/v1/plays -> start() -> Rights, Plays; AccessGuard -> may_go_on()
// Thread: any; the mutex makes "is one free, then take it" one step.
// Limits: kSeatUnseen, kTakenOverMax.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>  // every loop asks, and answers from memory
#include <unordered_map>
#include <vector>

#include "access/gatekeeper.h"
#include "access/ticket_desk.h"
#include "base/clock.h"
#include "ticketing/entitlements/rights.h"

namespace butai::ticketing {

class SeatsDesk final : public access::TicketDesk {
 public:
  SeatsDesk(const Rights& rights, access::Plays& plays, const access::ChannelRules& rules,
            const Clock& clock)
      : rights_(rights), plays_(plays), rules_(rules), clock_(clock) {}

  // Told of each play that starts, on its loop; set before the first request.
  using OnStarted = std::function<void(std::string_view account, std::string_view channel,
                                       std::string_view performance)>;
  void tell(OnStarted on_started) { on_started_ = std::move(on_started); }

  bool guards(std::string_view channel) const override;
  std::expected<access::Play, net::Response> start(const net::Principal& principal,
                                                   const access::PlayWish& wish) override;
  access::GoesOn may_go_on(const access::PlayClaims& play) const override;
  std::optional<access::TakenOver> taken_over(std::string_view play) const override;

 private:
  struct Seat {
    std::string play;
    std::string device;
    Utc since;
  };
  using Key = std::pair<std::uint64_t, std::string>;  // the owner and the performance
  std::vector<Seat>& occupied(const Key& key);        // under the mutex
  void take_over(std::vector<Seat>& seats, const access::PlayWish& wish);

  const Rights& rights_;
  access::Plays& plays_;
  const access::ChannelRules& rules_;
  const Clock& clock_;
  OnStarted on_started_ = [](std::string_view, std::string_view, std::string_view) {};
  mutable std::mutex mutex_;  // handlers of every loop
  std::map<Key, std::vector<Seat>> seats_;
  std::unordered_map<std::string, std::string> taken_over_;  // play -> device
  std::deque<std::string> taken_over_order_;
};

}  // namespace butai::ticketing
