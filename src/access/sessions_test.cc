#include "access/sessions.h"

#include <gtest/gtest.h>

#include <set>

#include "access/limits.h"
#include "access/testing/guard_fixture.h"
#include "store/sql.h"
#include "store/testing/temporary_folder.h"
#include "store/testing/thread_executor.h"

namespace butai::access {
namespace {

class SessionsTest : public ::testing::Test, public testing::GuardFixture {
 protected:
  SessionsTest() { guard.know(sessions); }

  Account account(const std::string& name) {
    return accounts
        .add({.name = name,
              .email = std::nullopt,
              .role = Role::Producer,
              .scopes = {},
              .password = "correct horse"})
        .value();
  }
  Sessions::Started start(const Account& who) {
    std::optional<Sessions::Started> started;
    sessions.start(who, home, [&](auto made) { started = made.value(); });
    EXPECT_TRUE(home.wait([&] { return started.has_value(); }));
    return *started;
  }
  void end_all(const Account& who) {
    bool ended = false;
    sessions.end_all(who.id, home, [&](auto) { ended = true; });
    EXPECT_TRUE(home.wait([&] { return ended; }));
  }
  static net::Request asked(net::Method method, const std::string& token,
                            const std::string& csrf = "") {
    net::Request made = request("/api/v1/orders");
    made.method = method;
    made.headers.add("Cookie", "other=1; butai_session=" + token);
    if (!csrf.empty()) made.headers.add("X-CSRF-Token", csrf);
    return made;
  }
  int status(const net::Request& made) {
    const auto admitted = guard.admit({.who = net::Who::Bearer}, made);
    return admitted ? 200 : admitted.error().status;
  }

  store::testing::TemporaryFolder folder;
  std::unique_ptr<store::Database> database =
      store::Database::open({.path = folder.path() + "/butai.db"}).value();
  store::testing::ThreadExecutor home;
  Passwords passwords;
  Accounts accounts{*database, passwords, time, random};
  Sessions sessions{*database, secret, time, random, SecondFactor::Off};
};

TEST_F(SessionsTest, a_cookie_is_somebody_and_another_word_is_nobody) {
  const auto started = start(account("ann"));
  ASSERT_TRUE(sessions.find(started.token));
  EXPECT_EQ(sessions.find(started.token)->name, "ann");
  EXPECT_EQ(status(asked(net::Method::Get, started.token)), 200);
  EXPECT_EQ(status(asked(net::Method::Get, started.token + "x")), 401);
}

TEST_F(SessionsTest, a_write_needs_the_word_that_only_our_pages_know) {
  const auto ann = start(account("ann"));
  const auto bob = start(account("bob"));
  EXPECT_EQ(status(asked(net::Method::Post, ann.token)), 403);
  EXPECT_EQ(status(asked(net::Method::Post, ann.token, bob.csrf)), 403);
  EXPECT_EQ(status(asked(net::Method::Post, ann.token, ann.csrf)), 200);
}

TEST_F(SessionsTest, a_cookie_counts_under_the_api_alone) {
  const auto started = start(account("ann"));
  net::Request made = asked(net::Method::Get, started.token);
  made.path = "/live/main/index.m3u8";
  EXPECT_EQ(status(made), 401);
}

TEST_F(SessionsTest, the_database_knows_no_cookie) {
  const auto started = start(account("ann"));
  const auto stored = database->run_and_wait<std::string>([](store::Session& session) {
    return store::Sql(session).row("SELECT hash FROM account_session")->text(0);
  });
  EXPECT_EQ(stored->find(started.token), std::string::npos);
}

TEST_F(SessionsTest, signing_out_everywhere_ends_all_of_one_person) {
  const Account ann = account("ann");
  const auto here = start(ann);
  const auto there = start(ann);
  const auto other = start(account("bob"));
  end_all(ann);
  EXPECT_FALSE(sessions.find(here.token));
  EXPECT_FALSE(sessions.find(there.token));
  EXPECT_TRUE(sessions.find(other.token));
}

TEST_F(SessionsTest, they_outlive_a_restart_and_end_with_their_time) {
  const auto started = start(account("ann"));
  Sessions again(*database, secret, time, random, SecondFactor::Off);
  EXPECT_FALSE(again.find(started.token));
  ASSERT_TRUE(again.load());
  EXPECT_TRUE(again.find(started.token));
  time.advance(kSessionLife);
  EXPECT_FALSE(again.find(started.token));
}

TEST_F(SessionsTest, whose_they_are_is_told_when_they_are_read) {
  start(account("ann"));
  std::vector<std::string> told;
  Sessions again(*database, secret, time, random, SecondFactor::Off);
  again.tell([&told](const Account& one) { told.push_back(one.name); });
  ASSERT_TRUE(again.load());
  EXPECT_EQ(told, std::vector<std::string>{"ann"});
}

TEST_F(SessionsTest, those_that_start_together_are_written_together) {
  constexpr int kMany = 50;
  const Account ann = account("ann");
  std::set<std::string> tokens;
  for (int i = 0; i < kMany; ++i) {
    sessions.start(ann, home, [&](auto made) { tokens.insert(made.value().token); });
  }
  ASSERT_TRUE(home.wait([&] { return tokens.size() == kMany; }));
  for (const std::string& token : tokens) EXPECT_TRUE(sessions.find(token));
  const auto changes = database->run_and_wait<std::int64_t>([](store::Session& session) {
    return store::Sql(session).number("SELECT COUNT(DISTINCT change_number) FROM account_session");
  });
  EXPECT_LE(*changes, 2) << "one for the first, one for those who came meanwhile";
}

TEST_F(SessionsTest, one_that_cannot_be_written_fails_alone) {
  const Account ann = account("ann");
  Account nobody = ann;
  nobody.id = "nobody";
  int good = 0, bad = 0;
  for (const Account& one : {ann, nobody, ann}) {
    sessions.start(one, home, [&](auto made) { ++(made ? good : bad); });
  }
  ASSERT_TRUE(home.wait([&] { return good + bad == 3; }));
  EXPECT_EQ(good, 2);
  EXPECT_EQ(bad, 1);
}

TEST_F(SessionsTest, another_node_sees_them_at_its_next_look) {
  Sessions other(*database, secret, time, random, SecondFactor::Off);
  const Account ann = account("ann");
  const auto started = start(ann);
  other.look(home);
  EXPECT_TRUE(home.wait([&] { return other.find(started.token).has_value(); }));
  end_all(ann);
  other.look(home);
  EXPECT_TRUE(home.wait([&] { return !other.find(started.token); }));
}

TEST_F(SessionsTest, what_needs_a_second_factor_is_there_once_it_was_shown) {
  Sessions asking(*database, secret, time, random, SecondFactor::Required);
  const Account who = account("studio");
  std::optional<Sessions::Started> started;
  asking.start(who, home, [&](auto made) { started = made.value(); });
  ASSERT_TRUE(home.wait([&] { return started.has_value(); }));
  EXPECT_EQ(asking.find(started->token)->scopes, std::vector<std::string>{});
  bool proved = false;
  asking.prove(started->token, home, [&](auto) { proved = true; });
  ASSERT_TRUE(home.wait([&] { return proved; }));
  EXPECT_EQ(asking.find(started->token)->scopes, std::vector<std::string>{"control"});
  // Another node hears of it, and after a restart it is still so.
  Sessions other(*database, secret, time, random, SecondFactor::Required);
  ASSERT_TRUE(other.load());
  EXPECT_TRUE(other.find(started->token)->proved);
}

}  // namespace
}  // namespace butai::access
