// What an account's owner can do through the mailbox: prove the address, and set a new password.
//   write_verification()   a letter with a link; for new accounts in the transaction that makes them
//   ask_reset()            the same answer whether somebody has that address
//   reset()                the link's password; every session ends, every other link is dead. Who reads the
//                          mailbox is the owner: if the address was never proved before, sign-ins and the second
//                          factor that somebody else may have added are taken off.
// Flow:   api/account.cc -> here -> Database, Passwords -> mail/outbox.h
// Thread: any loop; `done` is posted to `home`. Functions with an Sql are the database's.
// Limits: kLetterEvery, kResetLife, kVerifyLife.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "access/accounts.h"
#include "access/password.h"
#include "access/proofs.h"
#include "access/sessions.h"
#include "store/sql.h"

namespace butai::access {

enum class RecoveryFault : std::uint8_t { LinkOver, BadPassword, Busy };

class Recovery {
 public:
  Recovery(store::Database& database, Passwords& passwords, Sessions& sessions, Proofs& proofs,
           const Clock& clock)
      : database_(database),
        passwords_(passwords),
        sessions_(sessions),
        proofs_(proofs),
        clock_(clock) {}

  using Done = std::move_only_function<void(std::expected<void, RecoveryFault>)>;

  void write_verification(store::Sql& sql, const std::string& account, const std::string& address);
  void ask_verification(const std::string& account, Executor& home, Done done);
  void verify(const std::string& link, Executor& home, Done done);
  void ask_reset(const std::string& address, Executor& home, Done done);
  void reset(const std::string& link, std::string password, Executor& home, Done done);

 private:
  void write_letter(store::Sql& sql, Proofs::Use use, const std::string& account,
                    const std::string& address);

  store::Database& database_;
  Passwords& passwords_;
  Sessions& sessions_;
  Proofs& proofs_;
  const Clock& clock_;
};

}  // namespace butai::access
