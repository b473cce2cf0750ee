#include "access/accounts.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "access/limits.h"
#include "access/mac.h"
#include "access/scopes.h"
#include "base/name.h"
#include "mail/address.h"
#include "mail/limits.h"
#include "store/session.h"
#include "store/sql.h"

namespace butai::access {

struct StoredAccount {
  Account account;
  std::string hash;
};

namespace {

using Stored = StoredAccount;

std::string folded(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool is_password(std::string_view text) {
  return text.size() >= kPasswordBytesMin && text.size() <= kPasswordBytesMax;
}

// Everything but the name, which not everybody chooses.
std::optional<AccountFault> fault_in(const NewAccount& wanted) {
  constexpr std::size_t kDisplayNameBytesMax = 128;
  if (wanted.email && !mail::parse_address(*wanted.email)) return AccountFault::BadEmail;
  if (!is_password(wanted.password)) return AccountFault::BadPassword;
  if (!std::ranges::all_of(wanted.scopes, is_scope)) return AccountFault::BadScope;
  const bool language =
      wanted.language.empty() || wanted.language == "ja" || wanted.language == "en";
  if (wanted.display_name.size() > kDisplayNameBytesMax || !language) return AccountFault::BadName;
  return std::nullopt;
}

AccountFault fault_of(store::Failure failure) {
  switch (failure) {
    case store::Failure::Busy:
      return AccountFault::Busy;
    case store::Failure::Conflict:
      return AccountFault::Taken;
    case store::Failure::Undone:
    case store::Failure::Broken:
      break;
  }
  return AccountFault::Broken;
}

constexpr const char* kColumns =
    "SELECT id, name, email, password_hash, role, scopes, created_at, display_name, language FROM"
    " account";

Stored stored_of(const store::Row& row) {
  Stored stored;
  stored.account.id = row.text(0);
  stored.account.name = row.text(1);
  if (!row.null(2)) stored.account.email = row.text(2);
  stored.hash = row.text(3);
  stored.account.role = role_of(row.text(4)).value_or(Role::Viewer);
  stored.account.scopes = parse_scopes(row.text(5));
  stored.account.created = utc_of(row.number(6));
  stored.account.display_name = row.text(7);
  stored.account.language = row.text(8);
  return stored;
}

std::vector<Stored> find_all(store::Session& session, const std::vector<std::string>& names) {
  std::string marks;
  store::Sql::Values values;
  for (const std::string& name : names) {
    marks += marks.empty() ? "?" : ", ?";
    values.emplace_back(name);
  }
  for (std::size_t i = 0; i < names.size(); ++i) values.push_back(values[i]);
  std::vector<Stored> found;
  for (const store::Row& row : store::Sql(session).rows(
           fmt::format("{} WHERE name IN ({}) OR email IN ({})", kColumns, marks, marks), values)) {
    found.push_back(stored_of(row));
  }
  return found;
}

std::optional<Stored> find_in(store::Session& session, const std::string& name_or_email) {
  auto found = find_all(session, {name_or_email});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::Viewer:
      return "viewer";
    case Role::Producer:
      return "producer";
    case Role::Admin:
      return "admin";
  }
  return "";
}

std::optional<Role> role_of(std::string_view name) {
  for (const Role role : {Role::Viewer, Role::Producer, Role::Admin}) {
    if (name_of(role) == name) return role;
  }
  return std::nullopt;
}

std::string_view sentence(AccountFault fault) {
  switch (fault) {
    case AccountFault::BadName:
      return "A name has 1 to 64 characters of A-Z a-z 0-9 _ and -.";
    case AccountFault::BadEmail:
      return "That is not an e-mail address.";
    case AccountFault::BadPassword:
      return "A password has 8 to 1024 bytes.";
    case AccountFault::BadScope:
      return "Scopes are publish:CHANNEL, view:CHANNEL, control and admin, separated by spaces.";
    case AccountFault::Taken:
      return "There is already an account with that name or e-mail address.";
    case AccountFault::Unknown:
      return "There is no account with that name.";
    case AccountFault::WrongPassword:
      return "Wrong name or password.";
    case AccountFault::TooManyTries:
      return "Too many wrong passwords for this account. Wait a minute and try again.";
    case AccountFault::Busy:
      return "The server is busy with other sign-ins. Try again in a moment.";
    case AccountFault::Broken:
      return "The accounts could not be read. The log of the server says why.";
  }
  return "";
}

std::vector<std::string> Account::granted() const {
  std::vector<std::string> all = scopes;
  const auto add = [&all](std::string_view scope) {
    if (std::ranges::find(all, scope) == all.end()) all.emplace_back(scope);
  };
  if (role == Role::Producer || role == Role::Admin) add("control");
  if (role == Role::Admin) add("admin");
  return all;
}

std::vector<std::string> Account::granted_to_one_factor() const {
  std::vector<std::string> all = granted();
  std::erase_if(all, [](const auto& scope) { return scope == "control" || scope == "admin"; });
  return all;
}

std::optional<Account> account_in(store::Session& session, const std::string& id) {
  const auto row = store::Sql(session).row(fmt::format("{} WHERE id = ?", kColumns), {id});
  if (!row) return std::nullopt;
  return stored_of(*row).account;
}

void insert_account(store::Session& sql, const Account& account, const std::string& hash) {
  // SOCI reads these when the statement is destroyed, after any temporary of the same line.
  const std::string email = account.email.value_or("");
  soci::indicator has_email = account.email ? soci::i_ok : soci::i_null;
  const std::string role(name_of(account.role));
  const std::string scopes = join_scopes(account.scopes);
  const long long created = micros_of(account.created);
  sql << "INSERT INTO account (id, name, email, password_hash, role, scopes, created_at,"
         " display_name, language)"
         " VALUES (:id, :name, :email, :hash, :role, :scopes, :created, :display, :language)",
      soci::use(account.id), soci::use(account.name), soci::use(email, has_email), soci::use(hash),
      soci::use(role), soci::use(scopes), soci::use(created), soci::use(account.display_name),
      soci::use(account.language);
}

Account new_account(const NewAccount& wanted, Utc now, Random& random) {
  std::array<std::uint8_t, 16> id;
  random.fill(id);
  Account account;
  account.id = base64url(id);
  account.name = folded(wanted.name.empty() ? "ac_" + account.id : wanted.name);
  if (wanted.email) account.email = folded(*wanted.email);
  account.role = wanted.role;
  account.scopes = wanted.scopes;
  account.created = now;
  account.display_name = wanted.display_name;
  account.language = wanted.language;
  return account;
}

// Somebody who was admitted.
struct Accounts::Attempt {
  std::string name, password;
  Executor* home;
  WaitingRoom::Seat seat;  // until it is done
  SignedIn done;
};

struct Accounts::LookUps {
  std::mutex mutex;  // sign-ins of every loop
  bool running = false;
  std::vector<Attempt> waiting;
};

Accounts::Accounts(store::Database& database, Passwords& passwords, const Clock& clock,
                   Random& random, Metrics* metrics)
    : database_(database),
      passwords_(passwords),
      clock_(clock),
      random_(random),
      limit_(clock),
      room_(clock, metrics),
      look_ups_(std::make_unique<LookUps>()) {}

Accounts::~Accounts() = default;

void Accounts::sign_in(const std::string& name_or_email, std::string password, Executor& home,
                       SignedIn done) {
  const std::string name = folded(name_or_email.substr(0, mail::kAddressBytesMax));
  // 1. the queue
  room_.come(name, home,
             [this, name, &home, password = std::move(password),
              done = std::move(done)](std::expected<WaitingRoom::Seat, Seconds> seat) mutable {
               if (!seat) {
                 return done(std::unexpected(SignInFailure{AccountFault::Busy, seat.error()}));
               }
               look_up({name, std::move(password), &home, std::move(*seat), std::move(done)});
             });
}

// 2. the account, on the database's thread
void Accounts::look_up(Attempt attempt) {
  {
    const std::lock_guard lock(look_ups_->mutex);
    look_ups_->waiting.push_back(std::move(attempt));
    if (std::exchange(look_ups_->running, true)) return;
  }
  begin_look_up();
}

void Accounts::begin_look_up() {
  std::vector<Attempt> asked;
  {
    const std::lock_guard lock(look_ups_->mutex);
    asked.swap(look_ups_->waiting);
    look_ups_->running = !asked.empty();
  }
  if (asked.empty()) return;
  std::vector<std::string> names;
  for (const Attempt& one : asked) names.push_back(one.name);
  Executor& home = *asked.front().home;
  database_.run<std::vector<Stored>>(
      store::Lane::Looks, home,
      [names = std::move(names)](store::Session& sql) { return find_all(sql, names); },
      [this,
       asked = std::move(asked)](std::expected<std::vector<Stored>, store::Failure> found) mutable {
        for (Attempt& one : asked) {
          Executor& asker = *one.home;
          if (!found) {
            asker.post([done = std::move(one.done), why = found.error()]() mutable {
              done(std::unexpected(SignInFailure{fault_of(why), Seconds{1}}));
            });
            continue;
          }
          const auto mine = std::ranges::find_if(*found, [&one](const Stored& stored) {
            return stored.account.name == one.name || stored.account.email == one.name;
          });
          auto stored = mine == found->end() ? std::nullopt : std::optional(*mine);
          asker.post([this, one = std::move(one), stored = std::move(stored)]() mutable {
            check(std::move(one), std::move(stored));
          });
        }
        begin_look_up();
      });
}

void Accounts::check(Attempt attempt, std::optional<StoredAccount> found) {
  // 3. the limit, for names that nobody has as well
  const std::string key = found ? found->account.id : "?" + attempt.name;
  if (const auto wait = limit_.begin(key)) {
    return attempt.done(std::unexpected(SignInFailure{AccountFault::TooManyTries, *wait}));
  }
  // 4. the password, on the pool
  const std::string hash = found ? found->hash : "";
  Executor& home = *attempt.home;
  std::string password = std::move(attempt.password);
  passwords_.check(std::move(password), hash, home,
                   [this, key, found = std::move(found), attempt = std::move(attempt)](
                       std::expected<bool, PasswordFault> right) mutable {
                     const bool busy = !right && right.error() == PasswordFault::Busy;
                     if (busy || (right && *right)) limit_.forgive(key);
                     if (busy) {
                       attempt.done(std::unexpected(SignInFailure{AccountFault::Busy, Seconds{1}}));
                     } else if (right && *right) {
                       attempt.done(std::move(found->account));
                     } else {
                       attempt.done(std::unexpected(SignInFailure{}));
                     }
                   });
}

void Accounts::sign_up(NewAccount wanted, Executor& home, SignedIn done) {
  const auto no = [](AccountFault fault) {
    return std::unexpected(SignInFailure{fault, Seconds{1}});
  };
  wanted.name.clear();
  if (!wanted.email) return done(no(AccountFault::BadEmail));
  if (const auto wrong = fault_in(wanted)) return done(no(*wrong));
  passwords_.hash(std::move(wanted.password), home,
                  [this, no, account = new_account(wanted, clock_.utc(), random_), &home,
                   done = std::move(done)](std::expected<std::string, PasswordFault> hash) mutable {
                    if (!hash) return done(no(AccountFault::Busy));
                    database_.run<bool>(
                        store::Lane::House, home,
                        [this, account, hash = *hash](store::Session& sql) {
                          insert_account(sql, account, hash);
                          greeting_(sql, account);
                          return true;
                        },
                        [no, account, done = std::move(done)](auto added) mutable {
                          if (!added) return done(no(fault_of(added.error())));
                          done(std::move(account));
                        });
                  });
}

void Accounts::find(std::string_view name, Executor& home, Found done) {
  database_.run<std::optional<Stored>>(
      store::Lane::Looks, home,
      [key = folded(name)](store::Session& sql) { return find_in(sql, key); },
      [done = std::move(done)](auto found) mutable {
        if (!found) return done(std::unexpected(fault_of(found.error())));
        if (!*found) return done(std::unexpected(AccountFault::Unknown));
        done(std::move((*found)->account));
      });
}

std::expected<Account, AccountFault> Accounts::add(NewAccount wanted) {
  if (!is_name(wanted.name)) return std::unexpected(AccountFault::BadName);
  if (const auto wrong = fault_in(wanted)) return std::unexpected(*wrong);
  const Account account = new_account(wanted, clock_.utc(), random_);
  const std::string hash = Passwords::hash_here(wanted.password);
  if (hash.empty()) return std::unexpected(AccountFault::Busy);
  const auto added = database_.run_and_wait<bool>([&](store::Session& sql) {
    insert_account(sql, account, hash);
    return true;
  });
  if (!added) return std::unexpected(fault_of(added.error()));
  return account;
}

std::expected<Account, AccountFault> Accounts::find(std::string_view name_or_email) {
  const std::string name = folded(name_or_email);
  auto found = database_.run_and_wait<std::optional<Stored>>(
      [&](store::Session& sql) { return find_in(sql, name); });
  if (!found) return std::unexpected(fault_of(found.error()));
  if (!*found) return std::unexpected(AccountFault::Unknown);
  return std::move((*found)->account);
}

std::expected<std::vector<Account>, AccountFault> Accounts::list() {
  auto all = database_.run_and_wait<std::vector<Account>>([](store::Session& sql) {
    std::vector<Account> accounts;
    for (const store::Row& row : store::Sql(sql).rows(fmt::format("{} ORDER BY name", kColumns))) {
      accounts.push_back(stored_of(row).account);
    }
    return accounts;
  });
  if (!all) return std::unexpected(fault_of(all.error()));
  return std::move(*all);
}

std::expected<void, AccountFault> Accounts::set(std::string_view name, std::string_view column,
                                                std::string value) {
  const std::string key = folded(name);
  const auto changed = database_.run_and_wait<long long>([&](store::Session& sql) {
    soci::statement update =
        (sql.prepare << fmt::format("UPDATE account SET {} = :value WHERE name = :name", column),
         soci::use(value), soci::use(key));
    update.execute(true);
    return update.get_affected_rows();
  });
  if (!changed) return std::unexpected(fault_of(changed.error()));
  if (*changed == 0) return std::unexpected(AccountFault::Unknown);
  return {};
}

std::expected<void, AccountFault> Accounts::set_role(std::string_view name, Role role) {
  return set(name, "role", std::string(name_of(role)));
}

std::expected<void, AccountFault> Accounts::set_scopes(std::string_view name,
                                                       const std::vector<std::string>& scopes) {
  if (!std::ranges::all_of(scopes, is_scope)) return std::unexpected(AccountFault::BadScope);
  return set(name, "scopes", join_scopes(scopes));
}

std::expected<void, AccountFault> Accounts::set_password(std::string_view name,
                                                         const std::string& password) {
  if (!is_password(password)) return std::unexpected(AccountFault::BadPassword);
  std::string hash = Passwords::hash_here(password);
  if (hash.empty()) return std::unexpected(AccountFault::Busy);
  return set(name, "password_hash", std::move(hash));
}

std::expected<std::size_t, AccountFault> Accounts::count() {
  const auto rows = database_.run_and_wait<int>([](store::Session& sql) {
    int number = 0;
    sql << "SELECT COUNT(*) FROM account", soci::into(number);
    return number;
  });
  if (!rows) return std::unexpected(fault_of(rows.error()));
  return static_cast<std::size_t>(*rows);
}

}  // namespace butai::access
