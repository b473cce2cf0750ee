#include "access/recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/limits.h"
#include "access/second_factor.h"
#include "mail/outbox.h"
#include "net/text.h"

namespace butai::access {
namespace {

// As accounts keep their addresses.
std::string folded(std::string text) {
  std::ranges::transform(text, text.begin(), net::lower);
  return text;
}

}  // namespace

void Recovery::write_letter(store::Sql& sql, Proofs::Use use, const std::string& account,
                            const std::string& address) {
  const bool reset = use == Proofs::Use::Reset;
  const Utc now = clock_.utc();
  const Utc until = now + (reset ? kResetLife : kVerifyLife);
  const std::int64_t turn = micros_of(now) / Micros(kLetterEvery).count();
  mail::Letter letter{.key = fmt::format("{} {}", reset ? "reset" : "verify", turn),
                      .account = account,
                      .kind = reset ? mail::Kind::Reset : mail::Kind::Verify,
                      .values = {{"path", reset ? "/sign-in#reset=" : "/account#verify="},
                                 {"proof", proofs_.write(sql, use, account, address, until)}},
                      .until = until};
  mail::queue(sql, now, letter);
}

void Recovery::write_verification(store::Sql& sql, const std::string& account,
                                  const std::string& address) {
  write_letter(sql, Proofs::Use::Verify, account, address);
}

void Recovery::ask_verification(const std::string& account, Executor& home, Done done) {
  database_.run<bool>(
      store::Lane::House, home,
      [this, account](store::Session& session) {
        store::Sql sql(session);
        const auto row = sql.row(
            "SELECT email FROM account WHERE id = ? AND email IS NOT NULL"
            " AND email_verified_at IS NULL",
            {account});
        if (row) write_letter(sql, Proofs::Use::Verify, account, row->text(0));
        return true;
      },
      [done = std::move(done)](auto written) mutable {
        if (!written) return done(std::unexpected(RecoveryFault::Busy));
        done({});
      });
}

void Recovery::verify(const std::string& link, Executor& home, Done done) {
  database_.run<bool>(
      store::Lane::House, home,
      [this, link, now = clock_.utc()](store::Session& session) {
        store::Sql sql(session);
        const auto proof = proofs_.take(sql, Proofs::Use::Verify, link, now);
        // An address that was changed meanwhile is not proved by the old one's letter.
        return proof && sql.run(
                            "UPDATE account SET email_verified_at = ?"
                            " WHERE id = ? AND email = ?",
                            {micros_of(now), proof->account, proof->address}) == 1;
      },
      [done = std::move(done)](auto proved) mutable {
        if (!proved) return done(std::unexpected(RecoveryFault::Busy));
        if (!*proved) return done(std::unexpected(RecoveryFault::LinkOver));
        done({});
      });
}

void Recovery::ask_reset(const std::string& address, Executor& home, Done done) {
  database_.run<bool>(
      store::Lane::House, home,
      [this, address = folded(address)](store::Session& session) {
        store::Sql sql(session);
        const auto row = sql.row("SELECT id, email FROM account WHERE email = ?", {address});
        if (row) write_letter(sql, Proofs::Use::Reset, row->text(0), row->text(1));
        return true;
      },
      [done = std::move(done)](auto written) mutable {
        if (!written) return done(std::unexpected(RecoveryFault::Busy));
        done({});
      });
}

void Recovery::reset(const std::string& link, std::string password, Executor& home, Done done) {
  if (password.size() < kPasswordBytesMin || password.size() > kPasswordBytesMax) {
    return done(std::unexpected(RecoveryFault::BadPassword));
  }
  passwords_.hash(
      std::move(password), home, [this, link, &home, done = std::move(done)](auto hash) mutable {
        if (!hash) return done(std::unexpected(RecoveryFault::Busy));
        database_.run<std::string>(
            store::Lane::House, home,
            [this, link, hash = *hash, now = clock_.utc()](store::Session& session) {
              store::Sql sql(session);
              const auto proof = proofs_.take(sql, Proofs::Use::Reset, link, now);
              if (!proof) return std::string();
              const auto row =
                  sql.row("SELECT email_verified_at FROM account WHERE id = ? AND email = ?",
                          {proof->account, proof->address});
              if (!row) return std::string();
              if (row->null(0)) {
                sql.run("DELETE FROM identity WHERE account = ?", {proof->account});
                SecondFactors::remove_in(sql, proof->account);
              }
              sql.run("UPDATE account SET password_hash = ?, email_verified_at = ? WHERE id = ?",
                      {hash, micros_of(now), proof->account});
              Proofs::drop(sql, proof->account);
              return proof->account;
            },
            [this, &home, done = std::move(done)](auto account) mutable {
              if (!account) return done(std::unexpected(RecoveryFault::Busy));
              if (account->empty()) return done(std::unexpected(RecoveryFault::LinkOver));
              sessions_.end_all(*account, home, [done = std::move(done)](auto ended) mutable {
                if (!ended) return done(std::unexpected(RecoveryFault::Busy));
                done({});
              });
            });
      });
}

}  // namespace butai::access
