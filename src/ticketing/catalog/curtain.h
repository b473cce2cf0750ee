// The end of a performance on its channel, as it was promised: no archive.
//   the end + kToldAfterEnd   players are told; they have some seconds in hand until here
//   the end + kAfterEnd       nobody has a right any more (rights.h), so no license and no playlist;
//                             then segments go from memory, keys from the database and memory, and a
//                             signed record of it is kept
// The keys go in the transaction that keeps the record, so that neither is without the other; what was
// not finished when the server stopped is found again from the catalogue.
// Flow:   timer -> look() -> Stage, destruction.h
// Thread: the executor of start().
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "ticketing/box_office.h"
#include "ticketing/catalog/destruction.h"
#include "ticketing/catalog/stage.h"

namespace butai::ticketing {

class Curtain {
 public:
  Curtain(BoxOffice& office, Stage& stage, const access::RecordKey& key, const Clock& clock)
      : office_(office), stage_(stage), key_(key), clock_(clock) {}

  // On `home`'s thread.
  void start(Executor& home);

 private:
  using Which = std::tuple<std::string, std::string, Utc>;  // event, channel, end
  static Which which(const Closing& one) { return {one.event, one.channel, one.end}; }
  void look();
  void tell();
  void destroy_next();
  void ask_whether_done(const Closing& closing);
  void destroy(const Closing& closing);
  void write_down(const Closing& closing);

  BoxOffice& office_;
  Stage& stage_;
  const access::RecordKey& key_;
  const Clock& clock_;
  Executor* home_ = nullptr;
  TimerHandle timer_;
  std::set<Which> told_, done_;
  std::map<Which, Purged> purged_;  // what a record will say that could not be written yet
  std::deque<Closing> due_;
};

}  // namespace butai::ticketing
