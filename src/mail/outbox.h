// The outbox: letters as rows of the database, written in the transaction of what they tell of. So a letter
// is there exactly when its cause is, and nobody waits for it.
//   mail::queue(work.sql, work.now, {.key = "paid " + order.id, .account = order.account,
//                                    .kind = mail::Kind::Paid, .values = {{"order", order.id}, …}});
// Flow:   ticketing/, access/ -> queue -> row -> PostOffice: claim -> carrier -> settle
// Thread: the database's, inside one transaction.
// Limits: kLettersAtOnce, kAgainFirst/Most, kKeptFor, kHeldMost.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/carrier.h"
#include "mail/letter.h"
#include "store/sql.h"

namespace butai::mail {

// False: there is a letter of this key already, or the account has no address.
bool queue(store::Sql& sql, Utc now, const Letter& letter);
// The same letter to every account that `accounts` selects ("SELECT account FROM …", with values); each has
// the key "KEY ACCOUNT". How many were written. letter.account is not looked at.
std::int64_t queue_all(store::Sql& sql, Utc now, const Letter& letter, std::string_view accounts,
                       const store::Sql::Values& values);

// --- the post office's side -----------------------------------------------------------------------
struct Claimed {
  std::string key;
  std::string address;
  std::string language;  // ja or en
  Kind kind = Kind::Verify;
  Values values;
  Utc created;
  std::int64_t tries = 0;
};
// Letters whose time has come; from now on they are ours until settle().
std::vector<Claimed> claim(store::Sql& sql, Utc now);
void settle(store::Sql& sql, Utc now, const Claimed& letter, const Delivery& delivery);

// --- what became of them --------------------------------------------------------------------------
struct Bounce {
  std::string address;
  std::string why;  // the server's words
};
// The last letter to the account's present address came back.
std::optional<Bounce> bounce_of(store::Sql& sql, std::string_view account);
// The person goes: addresses and contents too.
void forget(store::Sql& sql, std::string_view account);

}  // namespace butai::mail
