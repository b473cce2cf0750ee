// Who may watch what now, in memory: the catalogue and all entitlements, so that no play, playlist or
// license waits for the database. What changed is read again after every write of ours, and every second
// for what other nodes wrote.
//   may()      for somebody who starts a play, and again whenever that play asks for something
//   catalog()  the snapshot that pages and API show
// Flow:   BoxOffice -> look() -> database -> here; TicketDesk, api/ -> may(), catalog()
// Thread: any; the mutex is held for one look-up. Of looks that wait only one reads.
// Limits: kAfterEnd; memory is some 100 bytes per ticket.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <mutex>  // every loop asks, and answers from memory
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "store/database.h"
#include "ticketing/catalog/catalog.h"

namespace butai::ticketing {

enum class NoRight : std::uint8_t { NoTicket, NotOpenYet, Over };

struct Right {
  std::string performance;
  std::int64_t devices = 0;  // of all tickets for it together
  Utc until;
};

class Rights {
 public:
  // `owner_of`: what a play's address says of the account's name (access::Plays::owner_of).
  using OwnerOf = std::function<std::uint64_t(std::string_view account_name)>;
  Rights(store::Database& database, const Clock& clock, OwnerOf owner_of)
      : database_(database), clock_(clock), owner_of_(std::move(owner_of)) {}

  // `performance` empty: whichever is on, on this channel.
  std::expected<Right, NoRight> may(std::uint64_t owner, std::string_view channel,
                                    std::string_view performance = {}) const;
  std::shared_ptr<const Catalog> catalog() const;
  // The account's id of somebody who has or had a ticket.
  std::optional<std::string> account_of(std::uint64_t owner) const;

  // Blocking, at start.
  std::expected<void, store::Failure> load();
  // Reads what changed; `then` on `home` when it is in force here, or could not be read.
  void look(Executor& home, std::move_only_function<void()> then);

 private:
  struct Ticket {
    std::string ticket_type;
    bool valid = false;
  };
  struct News {
    std::int64_t number = 0;
    std::optional<Catalog> catalog;
    struct Entry {
      std::string account_name, account, id, ticket_type;
      bool valid = false;
    };
    std::vector<Entry> tickets;
  };
  static News news_since(store::Session& session, std::int64_t number);
  void take(News news);
  void begin_look();

  store::Database& database_;
  const Clock& clock_;
  OwnerOf owner_of_;
  mutable std::mutex mutex_;  // every loop asks, news are taken under it
  struct Waiting {
    Executor* home;
    std::move_only_function<void()> then;
  };
  bool looking_ = false;
  std::vector<Waiting> waiting_;  // for the look after the one that runs
  std::int64_t seen_ = -1;
  std::shared_ptr<const Catalog> catalog_ = std::make_shared<const Catalog>();
  std::unordered_map<std::string, std::uint64_t> owners_;    // by the ticket's id
  std::unordered_map<std::uint64_t, std::string> accounts_;  // by the owner
  // By the owner, then by the ticket's id.
  std::unordered_map<std::uint64_t, std::unordered_map<std::string, Ticket>> tickets_;
};

}  // namespace butai::ticketing
