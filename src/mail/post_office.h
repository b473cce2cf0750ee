// The post office: takes what waits in the outbox, writes it out, hands it over, and keeps what became of it.
// Flow:   outbox (rows) -> claim -> wording, message -> Carrier -> settle
// Thread: one of its own after start(); Must die before the database.
// Limits: kLookEvery, kLettersAtOnce.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "mail/carrier.h"
#include "mail/outbox.h"
#include "store/database.h"

namespace butai::mail {

struct Desk {
  Sender from;
  // https://host[:port] of this site, as it is when a letter is written. Never what a request said.
  std::function<std::string()> site;
  // A proof's id -> the word that only we can make of it.
  std::function<std::string(std::string_view id)> seal;
};

class PostOffice {
 public:
  PostOffice(store::Database& database, std::unique_ptr<Carrier> carrier, Desk desk,
             const Clock& clock, Metrics& metrics);
  ~PostOffice();
  PostOffice(const PostOffice&) = delete;
  PostOffice& operator=(const PostOffice&) = delete;

  void start();
  // One look, on the calling thread; how many letters it took up. For the thread, and for tests without one.
  std::size_t look();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::mail
