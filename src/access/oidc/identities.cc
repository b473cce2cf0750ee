#include "access/oidc/identities.h"

#include <array>

#include "access/mac.h"
#include "mail/address.h"

namespace butai::access::oidc {
namespace {

std::string account_of(store::Sql& sql, const Identity& identity) {
  const auto row = sql.row("SELECT account FROM identity WHERE issuer = ? AND subject = ?",
                           {identity.issuer, identity.subject});
  return row ? row->text(0) : "";
}

void insert(store::Sql& sql, const Settings& provider, const Identity& identity,
            const std::string& account, Utc now, Random& random) {
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  const bool address = mail::parse_address(identity.email).has_value();
  sql.run(
      "INSERT INTO identity (issuer, subject, account, id, provider, email, linked_at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      {identity.issuer, identity.subject, account, base64url(bytes), provider.name,
       address ? identity.email : "", micros_of(now)});
}

}  // namespace

std::expected<Entered, EnterFault> enter(store::Sql& sql, const Settings& provider,
                                         const Identity& identity, const std::string& language,
                                         Utc now, Random& random) {
  if (const std::string known = account_of(sql, identity); !known.empty()) {
    auto account = account_in(sql.session(), known);
    if (!account) return std::unexpected(EnterFault::NoAccount);
    return Entered{std::move(*account), false};
  }
  NewAccount wanted;
  wanted.display_name = identity.name;
  wanted.language = language;
  if (mail::parse_address(identity.email)) wanted.email = identity.email;
  const Account account = new_account(wanted, now, random);
  // Whoever can sign in to that account may add this identity; an address that is the same is no proof.
  if (account.email && sql.row("SELECT id FROM account WHERE email = ?", {*account.email})) {
    return std::unexpected(EnterFault::AddressTaken);
  }
  insert_account(sql.session(), account, "");
  if (account.email && identity.email_verified) {
    sql.run("UPDATE account SET email_verified_at = ? WHERE id = ?", {micros_of(now), account.id});
  }
  insert(sql, provider, identity, account.id, now, random);
  return Entered{account, true};
}

std::expected<Account, EnterFault> link(store::Sql& sql, const Settings& provider,
                                        const Identity& identity, const std::string& account,
                                        Utc now, Random& random) {
  const std::string known = account_of(sql, identity);
  if (!known.empty() && known != account) return std::unexpected(EnterFault::OthersIdentity);
  auto whose = account_in(sql.session(), account);
  if (!whose) return std::unexpected(EnterFault::NoAccount);
  if (known.empty()) insert(sql, provider, identity, account, now, random);
  return std::move(*whose);
}

std::vector<Linked> linked_to(store::Sql& sql, std::string_view account) {
  std::vector<Linked> all;
  for (const store::Row& row :
       sql.rows("SELECT id, provider, email, linked_at FROM identity WHERE account = ?"
                " ORDER BY linked_at",
                {account})) {
    all.push_back({row.text(0), row.text(1), row.text(2), utc_of(row.number(3))});
  }
  return all;
}

bool unlink(store::Sql& sql, std::string_view account, std::string_view id) {
  // The account's row is written first, so that two who unlink at once come one after the other.
  sql.run("UPDATE account SET role = role WHERE id = ?", {account});
  const std::int64_t ways =
      sql.number("SELECT COUNT(*) FROM identity WHERE account = ?", {account}) +
      sql.number("SELECT COUNT(*) FROM account WHERE id = ? AND password_hash <> ''", {account});
  return ways > 1 &&
         sql.run("DELETE FROM identity WHERE account = ? AND id = ?", {account, id}) == 1;
}

}  // namespace butai::access::oidc
