#include "access/second_factor.h"

#include <algorithm>
#include <array>

#include "access/limits.h"
#include "access/locked.h"
#include "access/totp.h"
#include "base/digest.h"

namespace butai::access {
namespace {

constexpr std::string_view kIssuer = "Butai";

// As it is compared: without what people put between the groups, lower case.
std::string plain(std::string_view code) {
  std::string text;
  for (const char c : code.substr(0, kFactorCodeBytesMax)) {
    if (c == ' ' || c == '-') continue;
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

std::string hash_of(std::string_view account, std::string_view code) {
  return hex_sha256("recovery " + std::string(account) + " " + std::string(code));
}

}  // namespace

SecondFactors::SecondFactors(store::Database& database, const Secret& secret, const Clock& clock,
                             Random& random, const Secret* previous)
    : database_(database), clock_(clock), random_(random), limit_(clock) {
  keys_.push_back(secret.derived("butai second factor 1"));
  if (previous != nullptr) keys_.push_back(previous->derived("butai second factor 1"));
}

template <class T>
void SecondFactors::run(Executor& home,
                        std::function<std::expected<T, FactorFault>(store::Sql&)> work,
                        Done<T> done) {
  database_.run<std::expected<T, FactorFault>>(
      store::Lane::House, home,
      [work = std::move(work)](store::Session& session) {
        store::Sql sql(session);
        return work(sql);
      },
      [done = std::move(done)](auto told) mutable {
        if (!told) return done(std::unexpected(FactorFault::Broken));
        done(std::move(*told));
      });
}

// A try counts when it begins, so that many at once do not slip through.
template <class T>
void SecondFactors::try_code(const std::string& account, Executor& home,
                             std::function<std::expected<T, FactorFault>(store::Sql&)> work,
                             Done<T> done) {
  if (limit_.begin(account)) return done(std::unexpected(FactorFault::TooManyTries));
  run<T>(home, std::move(work), [this, account, done = std::move(done)](auto told) mutable {
    if (told || told.error() != FactorFault::Wrong) limit_.forgive(account);
    done(std::move(told));
  });
}

void SecondFactors::begin(const std::string& account, const std::string& label, Executor& home,
                          Done<Enrolment> done) {
  run<Enrolment>(
      home,
      [this, account, label](store::Sql& sql) -> std::expected<Enrolment, FactorFault> {
        if (status_of(sql, account).in_force) return std::unexpected(FactorFault::NotPossible);
        std::array<std::uint8_t, kTotpSecretBytes> secret;
        random_.fill(secret);
        sql.run("DELETE FROM second_factor WHERE account = ?", {account});
        sql.run("INSERT INTO second_factor (account, secret, last_step) VALUES (?, ?, 0)",
                {account, encrypted(keys_.front(), secret, random_)});
        return Enrolment{base32(secret), otpauth_address(secret, kIssuer, label)};
      },
      std::move(done));
}

std::optional<std::vector<std::uint8_t>> SecondFactors::secret_in(store::Sql& sql,
                                                                  const std::string& account,
                                                                  bool in_force) const {
  const auto row =
      sql.row("SELECT secret, confirmed_at FROM second_factor WHERE account = ?", {account});
  if (!row || row->null(1) == in_force) return std::nullopt;
  for (const Key32& key : keys_) {
    if (auto secret = decrypted(key, row->text(0))) return secret;
  }
  return std::nullopt;
}

SecondFactors::Outcome SecondFactors::use_code(store::Sql& sql, const std::string& account,
                                               const std::string& code, Utc now,
                                               bool in_force) const {
  const auto secret = secret_in(sql, account, in_force);
  if (!secret) return std::unexpected(FactorFault::NotPossible);
  const auto step = totp_step_of(*secret, code, now);
  // A code that was used, and every one before it, is not good again.
  const bool fresh = step && sql.run(
                                 "UPDATE second_factor SET last_step = ?"
                                 " WHERE account = ? AND last_step < ?",
                                 {*step, account, *step}) == 1;
  if (!fresh) return std::unexpected(FactorFault::Wrong);
  return true;
}

std::vector<std::string> SecondFactors::new_recovery_codes(store::Sql& sql,
                                                           const std::string& account) {
  std::vector<std::string> codes;
  sql.run("DELETE FROM recovery_code WHERE account = ?", {account});
  for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
    std::array<std::uint8_t, kRecoveryCodeBytes> bytes;
    random_.fill(bytes);
    const std::string code = plain(base32(bytes));
    sql.run("INSERT INTO recovery_code (account, hash) VALUES (?, ?)",
            {account, hash_of(account, code)});
    codes.push_back(code.substr(0, code.size() / 2) + "-" + code.substr(code.size() / 2));
  }
  return codes;
}

void SecondFactors::confirm(const std::string& account, const std::string& code, Executor& home,
                            Done<std::vector<std::string>> done) {
  using Codes = std::vector<std::string>;
  try_code<Codes>(
      account, home,
      [this, account, code = plain(code),
       now = clock_.utc()](store::Sql& sql) -> std::expected<Codes, FactorFault> {
        if (auto used = use_code(sql, account, code, now, false); !used) {
          return std::unexpected(used.error());
        }
        sql.run("UPDATE second_factor SET confirmed_at = ? WHERE account = ?",
                {micros_of(now), account});
        return new_recovery_codes(sql, account);
      },
      std::move(done));
}

void SecondFactors::check(const std::string& account, const std::string& code, Executor& home,
                          Done<bool> done) {
  try_code<bool>(
      account, home,
      [this, account, code = plain(code), now = clock_.utc()](store::Sql& sql) -> Outcome {
        const auto used = use_code(sql, account, code, now, true);
        if (used || used.error() != FactorFault::Wrong) return used;
        const auto recovered = sql.run("DELETE FROM recovery_code WHERE account = ? AND hash = ?",
                                       {account, hash_of(account, code)});
        if (recovered == 0) return std::unexpected(FactorFault::Wrong);
        return true;
      },
      std::move(done));
}

void SecondFactors::remove(const std::string& account, Executor& home, Done<bool> done) {
  run<bool>(
      home,
      [account](store::Sql& sql) -> Outcome {
        remove_in(sql, account);
        return true;
      },
      std::move(done));
}

SecondFactors::Status SecondFactors::status_of(store::Sql& sql, std::string_view account) {
  Status status;
  status.in_force = sql.number(
                        "SELECT COUNT(*) FROM second_factor"
                        " WHERE account = ? AND confirmed_at IS NOT NULL",
                        {account}) > 0;
  status.recovery_codes_left =
      sql.number("SELECT COUNT(*) FROM recovery_code WHERE account = ?", {account});
  return status;
}

void SecondFactors::remove_in(store::Sql& sql, std::string_view account) {
  sql.run("DELETE FROM second_factor WHERE account = ?", {account});
  sql.run("DELETE FROM recovery_code WHERE account = ?", {account});
}

}  // namespace butai::access
