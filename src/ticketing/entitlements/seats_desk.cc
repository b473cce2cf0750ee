#include "ticketing/entitlements/seats_desk.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "access/mac.h"
#include "ticketing/limits.h"
#include "ticketing/times.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

constexpr std::size_t kTakenOverMax = 100'000;  // remembered, so that a page can say who took over
constexpr std::size_t kDeviceBytesMax = 100;

net::Response refused(int status, std::string_view name, std::string_view sentence,
                      json::object more = {}) {
  net::Response answer = net::Response::problem(status, sentence);
  json::object body{{"type", fmt::format("/problems/{}", name)},
                    {"title", name},
                    {"status", status},
                    {"detail", sentence}};
  for (auto& [key, value] : more) body[key] = value;
  const std::string text = json::serialize(body);
  net::Response whole = net::Response::json(text, status);
  whole.headers = answer.headers;
  return whole;
}

net::Response answer_of(NoRight why) {
  switch (why) {
    case NoRight::NoTicket:
      return refused(403, "no-ticket", "There is no ticket for this with this account.");
    case NoRight::NotOpenYet:
      return refused(403, "not-open-yet", "The doors are not open yet.");
    case NoRight::Over:
      break;
  }
  return refused(403, "over", "This performance is over.");
}

}  // namespace

bool SeatsDesk::guards(std::string_view channel) const {
  return rules_.access_of(channel) == access::Access::Ticket;
}

std::vector<SeatsDesk::Seat>& SeatsDesk::occupied(const Key& key) {
  std::vector<Seat>& seats = seats_[key];
  std::erase_if(seats, [&](const Seat& seat) {
    return !plays_.last_seen(seat.play) || !plays_.running(seat.play);
  });
  return seats;
}

std::vector<SeatsDesk::Seat>::iterator SeatsDesk::left_longest_ago(std::vector<Seat>& seats) const {
  const auto seen = [this](const Seat& seat) {
    return plays_.last_seen(seat.play).value_or(Utc{});
  };
  const auto first = std::ranges::min_element(seats, {}, seen);
  return first != seats.end() && seen(*first) < clock_.utc() - kSeatUnseen ? first : seats.end();
}

// Its address is no good any more: else every device that waits long enough would have a place.
void SeatsDesk::take_over(std::vector<Seat>& seats, std::vector<Seat>::iterator seat,
                          const access::PlayWish& wish) {
  if (seat == seats.end()) return;
  if (const auto play = plays_.find(seat->play)) plays_.end(*play);
  taken_over_[seat->play] = wish.device;
  taken_over_order_.push_back(seat->play);
  if (taken_over_order_.size() > kTakenOverMax) {
    taken_over_.erase(taken_over_order_.front());
    taken_over_order_.pop_front();
  }
  seats.erase(seat);
}

std::expected<access::Play, net::Response> SeatsDesk::start(const net::Principal& principal,
                                                            const access::PlayWish& wish) {
  if (principal.subject.empty()) {
    return std::unexpected(
        refused(401, "sign-in", "Sign in with the account that has the ticket."));
  }
  const std::uint64_t owner = plays_.owner_of(principal.subject);
  const auto right = rights_.may(owner, wish.channel, wish.performance);
  if (!right) return std::unexpected(answer_of(right.error()));
  const std::lock_guard lock(mutex_);
  std::vector<Seat>& seats = occupied({owner, right->performance});
  const auto full = [&] { return static_cast<std::int64_t>(seats.size()) >= right->devices; };
  if (!wish.take_over.empty()) {
    take_over(seats, std::ranges::find(seats, wish.take_over, &Seat::play), wish);
  }
  if (full()) take_over(seats, left_longest_ago(seats), wish);
  if (full()) {
    json::array devices;
    for (const Seat& seat : seats) {
      devices.push_back(
          {{"play", seat.play}, {"device", seat.device}, {"since", rfc3339(seat.since)}});
    }
    return std::unexpected(refused(409, "too-many-devices",
                                   "This ticket plays on as many devices as it may already.",
                                   {{"devices", std::move(devices)}}));
  }
  access::Play play = plays_.start(wish.channel, principal, access::Plays::Grounds::Ticket);
  seats.push_back({play.id, wish.device.substr(0, kDeviceBytesMax), clock_.utc()});
  on_started_(principal.subject, wish.channel, right->performance);
  return play;
}

void SeatsDesk::keep_seat(const access::PlayClaims& play, const std::string& performance) const {
  const std::string id = access::base64url(play.id);
  const std::lock_guard lock(mutex_);
  for (auto at = seats_.lower_bound({play.owner, ""});
       at != seats_.end() && at->first.first == play.owner; ++at) {
    if (std::ranges::find(at->second, id, &Seat::play) != at->second.end()) return;
  }
  seats_[{play.owner, performance}].push_back({id, "", clock_.utc()});
}

access::GoesOn SeatsDesk::may_go_on(const access::PlayClaims& play) const {
  const auto right = rights_.may(play.owner, play.channel);
  if (right) keep_seat(play, right->performance);
  // Doors that moved after somebody was let in send nobody out again.
  if (right || right.error() == NoRight::NotOpenYet) return access::GoesOn::Yes;
  return right.error() == NoRight::Over ? access::GoesOn::Over : access::GoesOn::TicketVoid;
}

std::optional<access::TakenOver> SeatsDesk::taken_over(std::string_view play) const {
  const std::lock_guard lock(mutex_);
  const auto found = taken_over_.find(std::string(play));
  if (found == taken_over_.end()) return std::nullopt;
  return access::TakenOver{found->second};
}

}  // namespace butai::ticketing
