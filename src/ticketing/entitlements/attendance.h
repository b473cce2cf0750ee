// Minutes missed, for refunds: how much of a performance did not reach an account that was there, as far
// as the server can see.
//   without a picture   the performance is on, a play of the account lives, and its channel is dark
//   not delivered       what a viewer's socket was moved past, and the time in which a play that came back
//                       asked for nothing: a pause looks the same as a lost line
// Flow:   timer -> Plays, Stage -> here -> table `missed`; delivery/websocket -> jumped()
// Thread: the executor of start(); jumped() from any: the mutex is held for one addition.
// Limits: kLookAtViewersEvery, kWriteMissedEvery, kSilence, kSeatUnseen (limits.h).
#pragma once

#include <map>
#include <mutex>  // sockets of every loop tell what they were moved past
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "access/plays.h"
#include "ticketing/box_office.h"
#include "ticketing/catalog/stage.h"

namespace butai::ticketing {

struct Missed {
  Micros without_picture{0};
  Micros not_delivered{0};
};
// Of the performances that an order is for.
Missed missed_by(Work& work, std::string_view account, std::string_view ticket_type);

class Attendance {
 public:
  // `real`: the clock of plays; `sale`: that of performances.
  Attendance(BoxOffice& office, const access::Plays& plays, Stage& stage, const Clock& real,
             const Clock& sale)
      : office_(office), plays_(plays), stage_(stage), real_(real), sale_(sale) {}

  // On `home`'s thread.
  void start(Executor& home);
  // Once; start() does it again and again.
  void look();
  void jumped(std::string_view play, Micros media);

 private:
  using OnNow = std::multimap<std::string, std::string>;  // channel -> performance
  using Who = std::pair<std::uint64_t, std::string>;      // owner, performance
  void count(const OnNow& on_now, const std::set<std::string>& dark);
  void write_down();

  BoxOffice& office_;
  const access::Plays& plays_;
  Stage& stage_;
  const Clock& real_;
  const Clock& sale_;
  Executor* home_ = nullptr;
  TimerHandle timer_;
  Utc looked_{}, written_{};
  std::map<access::Id128, Utc> seen_;                  // when a play was seen before
  std::map<Who, Missed> missed_;                       // since it was written down
  std::mutex mutex_;                                   // of jumped_
  std::map<std::string, Micros, std::less<>> jumped_;  // by play
};

}  // namespace butai::ticketing
