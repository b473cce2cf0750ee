#include "access/recovery.h"

#include <gtest/gtest.h>

#include "access/limits.h"
#include "access/testing/seeded_random.h"
#include "base/testing/manual_time.h"
#include "store/testing/each_store.h"
#include "store/testing/thread_executor.h"

namespace butai::access {
namespace {

class RecoveryTest : public store::testing::EachStore {
 protected:
  void SetUp() override {
    database = open();
    accounts = std::make_unique<Accounts>(*database, passwords, time, random);
    sessions = std::make_unique<Sessions>(*database, secret, time, random, SecondFactor::Required);
    recovery = std::make_unique<Recovery>(*database, passwords, *sessions, proofs, time);
    accounts->greet_with([this](store::Session& session, const Account& account) {
      store::Sql sql(session);
      recovery->write_verification(sql, account.id, *account.email);
    });
    bool made = false;
    accounts->sign_up(
        {.name = "", .email = "Ann@Example.org", .scopes = {}, .password = "old sentence"}, home,
        [&](auto account) {
          ann = account.value();
          made = true;
        });
    ASSERT_TRUE(home.wait([&] { return made; }));
  }
  using Result = std::expected<void, RecoveryFault>;
  Result wait(std::function<void(Recovery::Done)> ask) {
    std::optional<Result> told;
    ask([&](Result answer) { told = answer; });
    EXPECT_TRUE(home.wait([&] { return told.has_value(); }));
    return *told;
  }
  Result ask_reset(const std::string& address) {
    return wait([&](auto done) { recovery->ask_reset(address, home, std::move(done)); });
  }
  Result reset(const std::string& link, const std::string& password = "new sentence") {
    return wait([&](auto done) { recovery->reset(link, password, home, std::move(done)); });
  }
  Result verify(const std::string& link) {
    return wait([&](auto done) { recovery->verify(link, home, std::move(done)); });
  }
  bool signs_in(const std::string& password) {
    std::optional<bool> in;
    accounts->sign_in("ann@example.org", password, home,
                      [&](auto account) { in = account.has_value(); });
    EXPECT_TRUE(home.wait([&] { return in.has_value(); }));
    return *in;
  }
  template <class T>
  T sql(std::function<T(store::Sql&)> work) {
    return *database->run_and_wait<T>([&](store::Session& session) {
      store::Sql inside(session);
      return work(inside);
    });
  }
  // What the letter's link says, as the post office would make it.
  std::string link_of(const std::string& use) {
    return sql<std::string>([&](store::Sql& inside) {
      const auto row =
          inside.row("SELECT id FROM proof WHERE used_for = ? ORDER BY expires_at DESC", {use});
      return row ? proofs.sealed(row->text(0)) : std::string();
    });
  }
  std::int64_t letters(const std::string& kind) {
    return sql<std::int64_t>([&](store::Sql& inside) {
      return inside.number("SELECT COUNT(*) FROM letter WHERE kind = ?", {kind});
    });
  }

  butai::testing::ManualTime time;
  testing::SeededRandom random;
  Secret secret{"CNRY-secret-0123456789abcdef0123456789abcdef"};
  store::testing::ThreadExecutor home;
  Passwords passwords;
  Proofs proofs{secret, random};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Accounts> accounts;
  std::unique_ptr<Sessions> sessions;
  std::unique_ptr<Recovery> recovery;
  Account ann;
};
BUTAI_EACH_STORE(RecoveryTest);

TEST_P(RecoveryTest, a_new_account_gets_a_letter_and_its_link_proves_the_address_once) {
  EXPECT_EQ(letters("verify"), 1);
  const std::string link = link_of("verify");
  EXPECT_TRUE(verify(link));
  EXPECT_EQ(verify(link).error(), RecoveryFault::LinkOver);
  EXPECT_GT(sql<std::int64_t>([](store::Sql& inside) {
              return inside.number("SELECT email_verified_at FROM account");
            }),
            0);
}

TEST_P(RecoveryTest, a_reset_sets_the_password_once_and_ends_every_session) {
  std::optional<Sessions::Started> session;
  sessions->start(ann, home, [&](auto started) { session = started.value(); });
  ASSERT_TRUE(home.wait([&] { return session.has_value(); }));
  ASSERT_TRUE(sessions->find(session->token));

  EXPECT_TRUE(ask_reset("ANN@example.org"));
  EXPECT_EQ(letters("reset"), 1);
  const std::string link = link_of("reset");
  EXPECT_EQ(reset(link, "short").error(), RecoveryFault::BadPassword);
  EXPECT_TRUE(reset(link));
  EXPECT_FALSE(sessions->find(session->token));
  EXPECT_FALSE(signs_in("old sentence"));
  EXPECT_TRUE(signs_in("new sentence"));
  EXPECT_EQ(reset(link, "third sentence").error(), RecoveryFault::LinkOver);
}

TEST_P(RecoveryTest, a_link_dies_with_its_time_and_with_another_ones_use) {
  ask_reset("ann@example.org");
  const std::string late = link_of("reset");
  time.advance(kResetLife);
  EXPECT_EQ(reset(late).error(), RecoveryFault::LinkOver);
  ask_reset("ann@example.org");
  const std::string first = link_of("reset");
  time.advance(kLetterEvery);
  ask_reset("ann@example.org");
  EXPECT_TRUE(reset(link_of("reset")));
  EXPECT_EQ(reset(first).error(), RecoveryFault::LinkOver);
}

TEST_P(RecoveryTest, a_link_of_one_kind_is_none_of_the_other_and_a_made_up_one_none_at_all) {
  EXPECT_EQ(reset(link_of("verify")).error(), RecoveryFault::LinkOver);
  std::string changed = link_of("verify");
  changed[5] = changed[5] == 'A' ? 'B' : 'A';
  for (const std::string& link :
       {std::string(), changed, std::string(43, 'A'), std::string(500, 'x')}) {
    EXPECT_EQ(verify(link).error(), RecoveryFault::LinkOver);
  }
}

TEST_P(RecoveryTest, nobody_learns_who_has_an_account_and_letters_are_few) {
  EXPECT_TRUE(ask_reset("nobody@example.org"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask_reset("ann@example.org"));
  EXPECT_EQ(letters("reset"), 1);
}

TEST_P(RecoveryTest, whoever_squatted_an_address_is_out_when_its_owner_comes) {
  sql<bool>([&](store::Sql& inside) {
    inside.run(
        "INSERT INTO identity (issuer, subject, account, id, provider, email, linked_at)"
        " VALUES ('i', 's', ?, 'x', 'p', '', 0)",
        {ann.id});
    return true;
  });
  const auto identities = [this] {
    return sql<std::int64_t>(
        [](store::Sql& inside) { return inside.number("SELECT COUNT(*) FROM identity"); });
  };
  ask_reset("ann@example.org");
  ASSERT_TRUE(reset(link_of("reset")));
  EXPECT_EQ(identities(), 0);
  // Proved now: what its owner links stays.
  sql<bool>([&](store::Sql& inside) {
    inside.run(
        "INSERT INTO identity (issuer, subject, account, id, provider, email, linked_at)"
        " VALUES ('i', 's', ?, 'x', 'p', '', 0)",
        {ann.id});
    return true;
  });
  time.advance(kLetterEvery);
  ask_reset("ann@example.org");
  ASSERT_TRUE(reset(link_of("reset")));
  EXPECT_EQ(identities(), 1);
}

}  // namespace
}  // namespace butai::access
