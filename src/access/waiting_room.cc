#include "access/waiting_room.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/limits.h"

namespace butai::access {

struct WaitingRoom::State : std::enable_shared_from_this<WaitingRoom::State> {
  struct Waiter {
    std::string name;
    Executor* home;
    Turn turn;
  };
  struct Place {
    Steady since, until;
  };
  using Waiting = std::multimap<Steady, Waiter>;  // by when the name came first

  State(const Clock& c, Metrics* metrics) : clock(c) {
    if (metrics == nullptr) return;
    const auto count = [metrics](const char* result) {
      return &metrics->counter("butai_logins_total",
                               "Sign-ins by password, by what became of them.",
                               {{"result", result}});
    };
    admitted = count("admitted");
    sent_back = count("sent_back");
    waiting_now = &metrics->gauge("butai_logins_waiting", "Sign-ins that wait for their turn.");
  }

  // All below under the mutex; what is to be told is posted, so nobody is called under it.
  Steady since_of(const std::string& name, Steady now) {
    const auto found = places.find(name);
    if (found == places.end()) return now;
    const Place place = found->second;
    places.erase(found);
    return place.until < now ? now : place.since;
  }
  void let_in(Waiter waiter) {
    ++serving;
    if (admitted != nullptr) admitted->Increment();
    waiter.home->post([self = shared_from_this(), turn = std::move(waiter.turn)]() mutable {
      turn(Seat(std::move(self)));
    });
  }
  void send_back(Steady since, Waiter waiter, Steady now) {
    if (places.size() >= kLoginPlacesMax) {
      std::erase_if(places, [now](const auto& one) { return one.second.until < now; });
    }
    if (places.size() < kLoginPlacesMax) places[waiter.name] = {since, now + kLoginPlace};
    if (sent_back != nullptr) sent_back->Increment();
    waiter.home->post([turn = std::move(waiter.turn), wait = expected_wait(now)]() mutable {
      turn(std::unexpected(wait));
    });
  }
  // As long as those who wait now need, at the pace of the last ones.
  Seconds expected_wait(Steady now) const {
    if (left.size() < 2) return kLoginRetryMost;
    const double seconds = std::chrono::duration<double>(now - left.front()).count();
    const double each = seconds / static_cast<double>(left.size());
    const auto all = static_cast<std::int64_t>(each * static_cast<double>(waiting.size())) + 1;
    return std::clamp(Seconds{all}, kLoginRetryLeast, kLoginRetryMost);
  }
  void leave() {
    const std::lock_guard lock(mutex);
    --serving;
    if (closed) return;
    left.push_back(clock.steady());
    if (left.size() > kLoginSeats) left.pop_front();
    while (serving < kLoginSeats && !waiting.empty()) {
      let_in(std::move(waiting.extract(waiting.begin()).mapped()));
    }
    show();
  }
  void show() {
    if (waiting_now != nullptr) waiting_now->Set(static_cast<double>(waiting.size()));
  }

  const Clock& clock;
  prometheus::Counter* admitted = nullptr;
  prometheus::Counter* sent_back = nullptr;
  prometheus::Gauge* waiting_now = nullptr;
  std::mutex mutex;  // sign-ins of every loop
  bool closed = false;
  std::size_t serving = 0;
  Waiting waiting;
  std::unordered_map<std::string, Place> places;  // of those who were sent back
  std::deque<Steady> left;                        // the newest who were served
};

WaitingRoom::Seat::~Seat() {
  if (state_) state_->leave();
}

WaitingRoom::WaitingRoom(const Clock& clock, Metrics* metrics)
    : state_(std::make_shared<State>(clock, metrics)) {}

WaitingRoom::~WaitingRoom() {
  State::Waiting waiting;
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  waiting.swap(state_->waiting);
}

void WaitingRoom::come(const std::string& name, Executor& home, Turn turn) {
  State& room = *state_;
  const Steady now = room.clock.steady();
  const std::lock_guard lock(room.mutex);
  const Steady since = room.since_of(name, now);
  State::Waiter waiter{name, &home, std::move(turn)};
  if (room.serving < kLoginSeats && room.waiting.empty()) return room.let_in(std::move(waiter));
  if (room.waiting.size() >= kLoginsWaitingMax) {
    const auto last = std::prev(room.waiting.end());
    if (since >= last->first) return room.send_back(since, std::move(waiter), now);
    auto node = room.waiting.extract(last);
    room.send_back(node.key(), std::move(node.mapped()), now);
  }
  room.waiting.emplace(since, std::move(waiter));
  room.show();
}

}  // namespace butai::access
