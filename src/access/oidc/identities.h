// Which account somebody has whom a provider knows: by issuer and subject, never by an e-mail address.
//   enter()   the account of an identity; a new one for a new identity, unless its address is somebody's already
//   link()    one more identity for the account, unless it is another account's
//   unlink()  not the last way to sign in
// Thread: the database's, inside one transaction.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "access/accounts.h"
#include "access/oidc/id_token.h"
#include "access/oidc/settings.h"
#include "store/sql.h"

namespace butai::access::oidc {

enum class EnterFault : std::uint8_t { AddressTaken, OthersIdentity, NoAccount };

struct Entered {
  Account account;
  bool is_new = false;
};
std::expected<Entered, EnterFault> enter(store::Sql& sql, const Settings& provider,
                                         const Identity& identity, const std::string& language,
                                         Utc now, Random& random);
std::expected<Account, EnterFault> link(store::Sql& sql, const Settings& provider,
                                        const Identity& identity, const std::string& account,
                                        Utc now, Random& random);

struct Linked {
  std::string id, provider, email;
  Utc at;
};
std::vector<Linked> linked_to(store::Sql& sql, std::string_view account);
// False: it is the only way in, or it is not the account's.
bool unlink(store::Sql& sql, std::string_view account, std::string_view id);

}  // namespace butai::access::oidc
