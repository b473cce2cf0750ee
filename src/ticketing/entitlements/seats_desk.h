// Where a ticket becomes a play: is there a right, is it open, is a device free, or is another device to
// make room. A device without a heartbeat for kSeatUnseen has left its seat: it returns to it without a question,
// unless another one has taken it meanwhile. After a restart who goes on has a seat as before.
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
  // All of these under the mutex, but for keep_seat().
  std::vector<Seat>& occupied(const Key& key);
  // The end when every device was seen a moment ago.
  std::vector<Seat>::iterator left_longest_ago(std::vector<Seat>& seats) const;
  void take_over(std::vector<Seat>& seats, std::vector<Seat>::iterator seat,
                 const access::PlayWish& wish);
  // A play that was started before this process; its device has no name.
  void keep_seat(const access::PlayClaims& play, const std::string& performance) const;

  const Rights& rights_;
  access::Plays& plays_;
  const access::ChannelRules& rules_;
  const Clock& clock_;
  OnStarted on_started_ = [](std::string_view, std::string_view, std::string_view) {};
  mutable std::mutex mutex_;  // handlers of every loop
  mutable std::map<Key, std::vector<Seat>> seats_;
  std::unordered_map<std::string, std::string> taken_over_;  // play -> device
  std::deque<std::string> taken_over_order_;
};

}  // namespace butai::ticketing
