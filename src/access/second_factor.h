// The second factor of an account: an authenticator's codes (totp.h), and recovery codes for the day the phone
// is lost. Producers and admins need one before they act; sessions.h says what a session without it may not.
//   begin()    a new secret, not in force yet
//   confirm()  its first code puts it in force; recovery codes come back, once
//   check()    a code, or a recovery code; each works once
//   remove()   it is gone; whoever may says the caller
// Flow:   api/account.cc -> here -> Database
// Thread: any; `done` is posted to `home`. status_of() is the database's, inside a transaction.
// Limits: kLoginFailuresMax a minute, right ones not counted; kRecoveryCodes.
// At rest: the secret encrypted under a key derived from [auth] secret; recovery codes as SHA-256.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "access/login_limit.h"
#include "access/secret.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "store/database.h"
#include "store/sql.h"

namespace butai::access {

enum class FactorFault : std::uint8_t { Wrong, TooManyTries, NotPossible, Broken };

class SecondFactors {
 public:
  SecondFactors(store::Database& database, const Secret& secret, const Clock& clock, Random& random,
                const Secret* previous = nullptr);

  template <class T>
  using Done = std::move_only_function<void(std::expected<T, FactorFault>)>;

  struct Enrolment {
    std::string secret;   // base32, for typing
    std::string address;  // otpauth://…, for a QR code
  };
  // `label` is what the authenticator shows. NotPossible: there is one in force.
  void begin(const std::string& account, const std::string& label, Executor& home,
             Done<Enrolment> done);
  void confirm(const std::string& account, const std::string& code, Executor& home,
               Done<std::vector<std::string>> done);
  void check(const std::string& account, const std::string& code, Executor& home, Done<bool> done);
  void remove(const std::string& account, Executor& home, Done<bool> done);

  struct Status {
    bool in_force = false;
    std::int64_t recovery_codes_left = 0;
  };
  static Status status_of(store::Sql& sql, std::string_view account);
  static void remove_in(store::Sql& sql, std::string_view account);

 private:
  using Outcome = std::expected<bool, FactorFault>;
  std::optional<std::vector<std::uint8_t>> secret_in(store::Sql& sql, const std::string& account,
                                                     bool in_force) const;
  Outcome use_code(store::Sql& sql, const std::string& account, const std::string& code, Utc now,
                   bool in_force) const;
  std::vector<std::string> new_recovery_codes(store::Sql& sql, const std::string& account);
  template <class T>
  void run(Executor& home, std::function<std::expected<T, FactorFault>(store::Sql&)> work,
           Done<T> done);
  template <class T>
  void try_code(const std::string& account, Executor& home,
                std::function<std::expected<T, FactorFault>(store::Sql&)> work, Done<T> done);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  std::vector<Key32> keys_;  // the newest first
  LoginLimit limit_;
};

}  // namespace butai::access
