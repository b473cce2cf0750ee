// Accounts: who may sign in with a password, and what their tokens may say. The sale extends them.
//   name      folded to lower case, unique; [A-Za-z0-9_-]{1,64}; an e-mail address signs in too
//   role      viewer | producer | admin; producer adds the scope control, admin adds admin as well
//   scopes    publish:NAME, view:NAME, control, admin
// Flow:   POST /api/v1/accounts -> sign_up -> Passwords (hash) -> Database
//         POST /token -> sign_in -> WaitingRoom -> Database (find) -> Passwords (check) -> back to the loop
//         butai user add -> add (blocking)
// Thread: sign_in, sign_up, find from any loop; their answer is posted to `home`. Everything else blocks and belongs
//         to start-up and commands.
// Those who sign in are admitted first, then looked up: all who were admitted while a look-up ran are one
// statement of the next, so that a slow database delays a rush and does not multiply it.
// Limits: LoginLimit, WaitingRoom; kPasswordBytesMin/Max.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/login_limit.h"
#include "access/password.h"
#include "access/waiting_room.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "store/database.h"

namespace butai::access {

enum class Role : std::uint8_t { Viewer, Producer, Admin };
std::string_view name_of(Role role);
std::optional<Role> role_of(std::string_view name);

struct NewAccount;
struct StoredAccount;  // with its password's hash

struct Account {
  std::string id;  // 22 characters of base64url
  std::string name;
  std::optional<std::string> email;
  Role role = Role::Viewer;
  std::vector<std::string> scopes;  // as stored
  Utc created;
  std::string display_name;  // as the person writes it; may be empty
  std::string language;      // ja, en or empty

  // The scopes plus what the role brings.
  std::vector<std::string> granted() const;
  // Those that one factor is enough for: without control and admin.
  std::vector<std::string> granted_to_one_factor() const;
};

// Inside a transaction, for what else makes and finds accounts.
std::optional<Account> account_in(store::Session& sql, const std::string& id);
// Whoever has no password has none that fits.
void insert_account(store::Session& sql, const Account& account, const std::string& password_hash);
// With an id; named after it when it has no name of its own.
Account new_account(const NewAccount& wanted, Utc now, Random& random);

struct NewAccount {
  std::string name;
  std::optional<std::string> email;
  Role role = Role::Viewer;
  std::vector<std::string> scopes;
  std::string password;
  std::string display_name = {};
  std::string language = {};
};

enum class AccountFault : std::uint8_t {
  BadName,
  BadEmail,
  BadPassword,
  BadScope,
  Taken,
  Unknown,
  WrongPassword,  // or nobody has that name: the asker cannot tell
  TooManyTries,
  Busy,
  Broken,
};
std::string_view sentence(AccountFault fault);

struct SignInFailure {
  AccountFault fault = AccountFault::WrongPassword;
  Seconds retry_after{0};  // of TooManyTries and Busy
};

class Accounts {
 public:
  Accounts(store::Database& database, Passwords& passwords, const Clock& clock, Random& random,
           Metrics* metrics = nullptr);
  ~Accounts();

  using SignedIn = std::move_only_function<void(std::expected<Account, SignInFailure>)>;
  void sign_in(const std::string& name_or_email, std::string password, Executor& home,
               SignedIn done);

  // Called in the transaction that makes an account by sign_up(). Before the first one.
  using Greeting = std::function<void(store::Session&, const Account&)>;
  void greet_with(Greeting greeting) { greeting_ = std::move(greeting); }
  // Somebody with an e-mail address makes an account; its name is made of its id.
  void sign_up(NewAccount account, Executor& home, SignedIn done);
  using Found = std::move_only_function<void(std::expected<Account, AccountFault>)>;
  void find(std::string_view name, Executor& home, Found done);

  // Blocking, for start-up and commands.
  std::expected<Account, AccountFault> add(NewAccount account);
  std::expected<Account, AccountFault> find(std::string_view name_or_email);
  std::expected<std::vector<Account>, AccountFault> list();
  std::expected<void, AccountFault> set_role(std::string_view name, Role role);
  std::expected<void, AccountFault> set_scopes(std::string_view name,
                                               const std::vector<std::string>& scopes);
  std::expected<void, AccountFault> set_password(std::string_view name,
                                                 const std::string& password);
  // Zero: the server prints the command that makes the first admin.
  std::expected<std::size_t, AccountFault> count();

 private:
  std::expected<void, AccountFault> set(std::string_view name, std::string_view column,
                                        std::string value);

  struct Attempt;
  struct LookUps;
  void look_up(Attempt attempt);
  void begin_look_up();
  void check(Attempt attempt, std::optional<StoredAccount> found);

  store::Database& database_;
  Passwords& passwords_;
  const Clock& clock_;
  Random& random_;
  LoginLimit limit_;
  WaitingRoom room_;
  std::unique_ptr<LookUps> look_ups_;
  Greeting greeting_ = [](store::Session&, const Account&) {};
};

}  // namespace butai::access
