// The queue before the password check: who came first is let in first, however often somebody is told to come
// back meanwhile.
//   1. A seat is free: go on. At most kLoginSeats are looked up and hashed at once.
//   2. Otherwise wait, in the order in which each name came first. kLoginsWaitingMax wait here.
//   3. Full: whoever came last of all is told when to come back (503, Retry-After). The name keeps its place
//      for kLoginPlace; when it returns it goes before everybody who came after it, and the last one of those who
//      wait makes room.
// So a refusal costs nobody the turn, and a rush takes as long as its passwords take to hash.
// Flow:   Accounts::sign_in -> come() -> Seat -> database, Passwords -> the seat is free again
// Thread: any; the mutex is held for a few map operations. `turn` is posted to `home`, exactly once.
// Limits: kLoginSeats, kLoginsWaitingMax, kLoginPlacesMax (beyond, the newest are not remembered).
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/metrics.h"

namespace butai::access {

class WaitingRoom {
  struct State;

 public:
  // Somebody is being served while it lives.
  class Seat {
   public:
    explicit Seat(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Seat(Seat&&) noexcept = default;
    Seat& operator=(Seat&&) = delete;
    ~Seat();

   private:
    std::shared_ptr<State> state_;
  };
  // Or the time after which to come back.
  using Turn = std::move_only_function<void(std::expected<Seat, Seconds>)>;

  explicit WaitingRoom(const Clock& clock, Metrics* metrics = nullptr);
  ~WaitingRoom();  // whoever waits is not told
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  void come(const std::string& name, Executor& home, Turn turn);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace butai::access
