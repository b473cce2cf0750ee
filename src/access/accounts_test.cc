#include "access/accounts.h"

#include <gtest/gtest.h>

#include <map>

#include "access/limits.h"
#include "access/testing/seeded_random.h"
#include "base/testing/manual_time.h"
#include "store/testing/temporary_folder.h"
#include "store/testing/thread_executor.h"

namespace butai::access {
namespace {

using butai::testing::ManualTime;
using store::testing::TemporaryFolder;
using store::testing::ThreadExecutor;
using testing::SeededRandom;

class PasswordsTest : public ::testing::Test {
 protected:
  std::string check(std::string password, std::string hash) {
    std::string outcome;
    passwords.check(std::move(password), std::move(hash), home,
                    [&](std::expected<bool, PasswordFault> right) {
                      outcome = !right ? "fault" : *right ? "right" : "wrong";
                    });
    EXPECT_TRUE(home.wait([&] { return !outcome.empty(); }));
    return outcome;
  }
  ThreadExecutor home;
  Passwords passwords;
};

TEST_F(PasswordsTest, hash_is_argon2id_with_our_costs_and_a_salt) {
  const std::string first = Passwords::hash_here("CNRY-password");
  EXPECT_TRUE(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << first;
  EXPECT_NE(first, Passwords::hash_here("CNRY-password"));
}

TEST_F(PasswordsTest, right_and_wrong_passwords) {
  const std::string hash = Passwords::hash_here("CNRY-password");
  EXPECT_EQ(check("CNRY-password", hash), "right");
  EXPECT_EQ(check("CNRY-passwor", hash), "wrong");
  EXPECT_EQ(check("", hash), "wrong");
  EXPECT_EQ(check(std::string("CNRY-password\0x", 15), hash), "wrong");
  EXPECT_EQ(check("CNRY-password", ""), "wrong") << "nobody has that name";
  EXPECT_EQ(check("CNRY-password", "not a hash"), "wrong");
  EXPECT_EQ(check(std::string(kPasswordBytesMax + 1, 'x'), hash), "fault");
}

TEST_F(PasswordsTest, hashing_in_the_pool_gives_what_checks) {
  std::string hash;
  passwords.hash("CNRY-password", home,
                 [&](std::expected<std::string, PasswordFault> made) { hash = made.value(); });
  ASSERT_TRUE(home.wait([&] { return !hash.empty(); }));
  EXPECT_EQ(check("CNRY-password", hash), "right");
}

TEST_F(PasswordsTest, S18_full_queue_is_busy_and_every_question_is_answered) {
  std::size_t answered = 0;
  std::size_t busy = 0;
  const std::size_t questions = kPasswordQueueMax + 20;
  for (std::size_t i = 0; i < questions; ++i) {
    passwords.check("x", "", home, [&](std::expected<bool, PasswordFault> right) {
      ++answered;
      if (!right && right.error() == PasswordFault::Busy) ++busy;
    });
  }
  EXPECT_TRUE(home.wait([&] { return answered == questions; }));
  EXPECT_GT(busy, 0u);
  EXPECT_LE(busy, questions - kPasswordQueueMax);
}

TEST(PasswordsBudget, half_a_core_is_all_that_a_rush_of_passwords_takes) {
  constexpr int kMany = 60;
  Metrics metrics;
  ThreadExecutor home;
  Passwords passwords(0.5, &metrics);
  int answered = 0;
  const SystemClock clock;
  const Steady from = clock.steady();
  for (int i = 0; i < kMany; ++i) {
    passwords.check("x", "", home, [&](std::expected<bool, PasswordFault>) { ++answered; });
  }
  ASSERT_TRUE(home.wait([&] { return answered == kMany; }));
  const double wall = std::chrono::duration<double>(clock.steady() - from).count();
  const double used = metrics.counter("butai_password_cpu_seconds_total", "").Value();
  const double each = used / kMany;
  // What an idle pool had saved up, and the one that was begun with the last of it.
  const double saved = std::chrono::duration<double>(kPasswordBurst).count() + each;
  EXPECT_GT(used, 0.2);
  EXPECT_LE(used, 0.5 * wall + saved + 0.01) << wall << " s";
}

class LoginLimitTest : public ::testing::Test {
 protected:
  ManualTime time;
  LoginLimit limit{time};
};

TEST_F(LoginLimitTest, S18_five_attempts_a_minute_then_wait) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.begin("ann"));
  EXPECT_EQ(limit.begin("ann"), Seconds{60});
  EXPECT_FALSE(limit.begin("bob"));
  time.advance(Seconds{59});
  EXPECT_EQ(limit.begin("ann"), Seconds{1});
  time.advance(Seconds{1});
  EXPECT_FALSE(limit.begin("ann"));
}

TEST_F(LoginLimitTest, right_password_does_not_count) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(limit.begin("ann"));
    limit.forgive("ann");
  }
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.begin("ann"));
  EXPECT_TRUE(limit.begin("ann"));
}

TEST_F(LoginLimitTest, names_are_bounded_and_recent_ones_stay) {
  for (std::size_t i = 0; i < kLoginNamesMax; ++i) {
    EXPECT_FALSE(limit.begin("n" + std::to_string(i)));
    time.advance(Micros{1});
  }
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.begin("ann"));
  EXPECT_TRUE(limit.begin("ann"));
}

class AccountsTest : public ::testing::Test {
 protected:
  NewAccount ann() {
    return {"Ann", "Ann@Example.org", Role::Viewer, {"publish:main"}, "CNRY-password"};
  }
  static std::string outcome(const std::expected<Account, AccountFault>& result) {
    return result ? result->name : std::string(sentence(result.error()));
  }
  std::string sign_in(const std::string& name, const std::string& password) {
    std::string said;
    accounts.sign_in(name, password, home, [&](std::expected<Account, SignInFailure> account) {
      said = account ? account->name : std::string(sentence(account.error().fault));
    });
    EXPECT_TRUE(home.wait([&] { return !said.empty(); }));
    return said;
  }

  TemporaryFolder folder;
  ManualTime time;
  SeededRandom random;
  ThreadExecutor home;
  std::unique_ptr<store::Database> database =
      store::Database::open({.path = folder.path() + "/butai.db"}).value();
  Passwords passwords;
  Accounts accounts{*database, passwords, time, random};
};

TEST_F(AccountsTest, added_account_is_found_by_name_and_address_without_case) {
  EXPECT_EQ(accounts.count(), 0u);
  const auto added = accounts.add(ann());
  ASSERT_TRUE(added) << sentence(added.error());
  EXPECT_EQ(accounts.count(), 1u);
  for (const std::string_view name : {"ann", "ANN", "ann@example.org", "ANN@EXAMPLE.ORG"}) {
    const auto found = accounts.find(name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->id, added->id);
    EXPECT_EQ(found->name, "ann");
    EXPECT_EQ(found->email, "ann@example.org");
    EXPECT_EQ(found->scopes, (std::vector<std::string>{"publish:main"}));
    EXPECT_EQ(found->created, time.utc());
  }
  EXPECT_EQ(accounts.find("bob").error(), AccountFault::Unknown);
}

TEST_F(AccountsTest, names_and_addresses_are_unique_without_case) {
  ASSERT_TRUE(accounts.add(ann()));
  NewAccount same_name = ann();
  same_name.name = "ANN";
  same_name.email = std::nullopt;
  EXPECT_EQ(accounts.add(same_name).error(), AccountFault::Taken);
  NewAccount same_address = ann();
  same_address.name = "bob";
  EXPECT_EQ(accounts.add(same_address).error(), AccountFault::Taken);
  NewAccount without = ann();
  without.name = "bob";
  without.email = std::nullopt;
  EXPECT_TRUE(accounts.add(without));
  without.name = "carol";
  EXPECT_TRUE(accounts.add(without)) << "several accounts may have no address";
  EXPECT_EQ(accounts.list()->size(), 3u);
}

TEST_F(AccountsTest, bad_values_are_refused) {
  const auto with = [this](auto change) {
    NewAccount account = ann();
    change(account);
    return accounts.add(account).error();
  };
  EXPECT_EQ(with([](auto& a) { a.name = "a b"; }), AccountFault::BadName);
  EXPECT_EQ(with([](auto& a) { a.name = "x' OR '1'='1"; }), AccountFault::BadName);
  EXPECT_EQ(with([](auto& a) { a.email = "nobody"; }), AccountFault::BadEmail);
  EXPECT_EQ(with([](auto& a) { a.email = "a@b@c"; }), AccountFault::BadEmail);
  EXPECT_EQ(with([](auto& a) { a.email = "a\n@b"; }), AccountFault::BadEmail);
  EXPECT_EQ(with([](auto& a) { a.password = "short"; }), AccountFault::BadPassword);
  EXPECT_EQ(with([](auto& a) { a.password = std::string(1025, 'x'); }), AccountFault::BadPassword);
  EXPECT_EQ(with([](auto& a) { a.scopes = {"publish:*"}; }), AccountFault::BadScope);
  EXPECT_EQ(accounts.count(), 0u);
}

TEST_F(AccountsTest, role_brings_scopes) {
  ASSERT_TRUE(accounts.add(ann()));
  using List = std::vector<std::string>;
  EXPECT_EQ(accounts.find("ann")->granted(), List{"publish:main"});
  ASSERT_TRUE(accounts.set_role("ann", Role::Producer));
  EXPECT_EQ(accounts.find("ann")->granted(), (List{"publish:main", "control"}));
  ASSERT_TRUE(accounts.set_role("Ann", Role::Admin));
  ASSERT_TRUE(accounts.set_scopes("ann", {"view:main"}));
  EXPECT_EQ(accounts.find("ann")->granted(), (List{"view:main", "control", "admin"}));
  EXPECT_EQ(accounts.set_role("bob", Role::Admin).error(), AccountFault::Unknown);
  EXPECT_EQ(accounts.set_scopes("ann", {"root"}).error(), AccountFault::BadScope);
}

TEST_F(AccountsTest, sign_in_by_name_or_address) {
  ASSERT_TRUE(accounts.add(ann()));
  EXPECT_EQ(sign_in("ann", "CNRY-password"), "ann");
  EXPECT_EQ(sign_in("Ann@example.ORG", "CNRY-password"), "ann");
  EXPECT_EQ(sign_in("ann", "cnry-password"), "Wrong name or password.");
  EXPECT_EQ(sign_in("bob", "CNRY-password"), "Wrong name or password.");
  EXPECT_EQ(sign_in("ann' --", "CNRY-password"), "Wrong name or password.");
  ASSERT_TRUE(accounts.set_password("ann", "another password"));
  EXPECT_EQ(sign_in("ann", "another password"), "ann");
  EXPECT_EQ(sign_in("ann", "CNRY-password"), "Wrong name or password.");
}

TEST_F(AccountsTest, many_at_once_are_each_told_their_own_answer) {
  ASSERT_TRUE(accounts.add(ann()));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(accounts.add({.name = "p" + std::to_string(i),
                              .email = std::nullopt,
                              .role = Role::Viewer,
                              .scopes = {},
                              .password = "password " + std::to_string(i)}));
  }
  std::map<std::string, std::string> said;
  const auto ask = [&](const std::string& name, const std::string& password) {
    accounts.sign_in(name, password, home, [&said, name](auto account) {
      said[name] = account ? account->name : std::string(sentence(account.error().fault));
    });
  };
  for (int i = 0; i < 5; ++i) {
    ask("p" + std::to_string(i), "password " + std::to_string(i == 3 ? 4 : i));
  }
  ask("ann@example.org", "CNRY-password");
  ask("nobody", "CNRY-password");
  ASSERT_TRUE(home.wait([&] { return said.size() == 7; }));
  const std::string wrong = "Wrong name or password.";
  EXPECT_EQ(said, (std::map<std::string, std::string>{{"p0", "p0"},
                                                      {"p1", "p1"},
                                                      {"p2", "p2"},
                                                      {"p3", wrong},
                                                      {"p4", "p4"},
                                                      {"ann@example.org", "ann"},
                                                      {"nobody", wrong}}));
}

TEST_F(AccountsTest, sixth_wrong_password_waits_for_known_and_unknown_names_alike) {
  ASSERT_TRUE(accounts.add(ann()));
  for (const std::string name : {"ann", "nobody"}) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in(name, "guess"), "Wrong name or password.");
    EXPECT_TRUE(sign_in(name, "guess").starts_with("Too many wrong passwords")) << name;
  }
  EXPECT_TRUE(sign_in("ann", "CNRY-password").starts_with("Too many"));
  EXPECT_TRUE(sign_in("ann@example.org", "CNRY-password").starts_with("Too many"))
      << "the address is the same account";
  time.advance(kLoginWindow);
  EXPECT_EQ(sign_in("ann", "CNRY-password"), "ann");
}

}  // namespace
}  // namespace butai::access
