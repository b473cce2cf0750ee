#include "store/database.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <soci/soci.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include "store/engine.h"
#include "store/limits.h"
#include "store/migrations.h"
#include "store/session.h"
#include "store/sql.h"
#include "store/testing/each_store.h"
#include "store/testing/temporary_folder.h"
#include "store/testing/thread_executor.h"

namespace butai::store {
namespace {

using testing::TemporaryFolder;
using testing::ThreadExecutor;

class DatabaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> open() {
    auto database = Database::open({.path = path});
    if (!database) ADD_FAILURE() << database.error().sentence;
    return database ? std::move(*database) : nullptr;
  }
  static std::expected<int, Failure> add(Database& database, const std::string& name) {
    return database.run_and_wait<int>([name](Session& sql) {
      sql << "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
             " VALUES (:id, :name, 'h', 'viewer', '', 0)",
          soci::use(name), soci::use(name);
      return 1;
    });
  }
  static int count(Database& database) {
    return database
        .run_and_wait<int>([](Session& sql) {
          int rows = 0;
          sql << "SELECT COUNT(*) FROM account", soci::into(rows);
          return rows;
        })
        .value();
  }

  TemporaryFolder folder;
  std::string path = folder.path() + "/butai.db";
};

TEST_F(DatabaseTest, keeps_what_was_committed_when_opened_again) {
  {
    auto database = open();
    ASSERT_TRUE(add(*database, "ann"));
  }
  auto database = open();
  EXPECT_EQ(count(*database), 1);
  struct stat facts{};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
}

TEST_F(DatabaseTest, is_configured_so_that_commits_are_durable) {
  auto database = open();
  const auto settings = database->run_and_wait<std::string>([](Session& sql) {
    std::string mode, synchronous, keys;
    sql << "PRAGMA journal_mode", soci::into(mode);
    sql << "PRAGMA synchronous", soci::into(synchronous);
    sql << "PRAGMA foreign_keys", soci::into(keys);
    return mode + " " + synchronous + " " + keys;
  });
  EXPECT_EQ(settings.value(), "wal 2 1");
}

TEST_F(DatabaseTest, unique_violation_is_a_conflict_and_changes_nothing) {
  auto database = open();
  ASSERT_TRUE(add(*database, "ann"));
  EXPECT_EQ(add(*database, "ann").error(), Failure::Conflict);
  EXPECT_EQ(count(*database), 1);
}

TEST_F(DatabaseTest, work_that_throws_is_rolled_back) {
  auto database = open();
  const auto result = database->run_and_wait<int>([](Session& sql) -> int {
    sql << "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
           " VALUES ('a', 'a', 'h', 'viewer', '', 0)";
    sql << "SELECT nonsense FROM nowhere";
    return 1;
  });
  EXPECT_EQ(result.error(), Failure::Broken);
  EXPECT_EQ(count(*database), 0);
}

TEST_F(DatabaseTest, result_comes_back_to_the_asking_executor_in_order) {
  auto database = open();
  ThreadExecutor home;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) {
    database->run<int>(
        home, [i](Session&) { return i; },
        [&order](std::expected<int, Failure> r) { order.push_back(r.value()); });
  }
  ASSERT_TRUE(home.wait([&] { return order.size() == 5; }));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(DatabaseTest, full_queue_answers_busy_at_once) {
  auto database = open();
  ThreadExecutor home;
  std::latch gate(1);
  std::latch started(1);
  std::size_t finished = 0;
  std::size_t busy = 0;
  const auto note = [&](std::expected<int, Failure> r) {
    ++finished;
    if (!r && r.error() == Failure::Busy) ++busy;
  };
  database->run<int>(
      home,
      [&](Session&) {
        started.count_down();
        gate.wait();
        return 0;
      },
      note);
  started.wait();  // the thread holds the first piece; the queue is empty
  for (std::size_t i = 0; i < kDatabaseQueueMax + 1; ++i) {
    database->run<int>(home, [](Session&) { return 0; }, note);
  }
  EXPECT_TRUE(home.wait([&] { return busy == 1; }));
  gate.count_down();
  EXPECT_TRUE(home.wait([&] { return finished == kDatabaseQueueMax + 2; }));
  EXPECT_EQ(busy, 1u);
}

TEST_F(DatabaseTest, queued_work_is_finished_before_the_database_closes) {
  ThreadExecutor home;
  {
    auto database = open();
    for (int i = 0; i < 20; ++i) {
      const std::string name = "n" + std::to_string(i);
      database->run<int>(
          home,
          [name](Session& sql) {
            sql << "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
                   " VALUES (:id, :name, 'h', 'viewer', '', 0)",
                soci::use(name), soci::use(name);
            return 1;
          },
          [](std::expected<int, Failure>) {});
    }
  }
  auto database = open();
  EXPECT_EQ(count(*database), 20);
}

TEST_F(DatabaseTest, file_that_is_no_database_is_refused_with_a_sentence) {
  std::ofstream(path) << std::string(4096, 'x');
  const auto refused = Database::open({.path = path});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find(path), std::string::npos);
  EXPECT_NE(refused.error().sentence.find("Check that it is a SQLite database"), std::string::npos);
}

TEST_F(DatabaseTest, newer_tables_are_refused) {
  {
    auto database = open();
    ASSERT_TRUE(database->run_and_wait<int>([](Session& sql) {
      sql << "INSERT INTO migration (number, name) VALUES (999, 'future')";
      return 1;
    }));
  }
  const auto refused = Database::open({.path = path});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("newer butai"), std::string::npos);
}

TEST_F(DatabaseTest, unwritable_place_is_a_sentence) {
  const auto refused = Database::open({.path = folder.path() + "/absent/butai.db"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("/absent/butai.db"), std::string::npos);
}

// The same on both stores.
class EitherStore : public testing::EachStore {
 protected:
  static std::expected<int, Failure> add(Database& database, const std::string& channel) {
    return database.run_and_wait<int>([channel](Session& session) {
      Sql(session).run(
          "INSERT INTO publish_key (id, channel, hash, created_at) VALUES (?, ?, ?, 0)",
          {channel, channel, channel});
      return 1;
    });
  }
  static std::int64_t count(Database& database) {
    return database
        .run_and_wait<std::int64_t>([](Session& session) {
          return Sql(session).number("SELECT COUNT(*) FROM publish_key");
        })
        .value();
  }
};
BUTAI_EACH_STORE(EitherStore);

TEST_P(EitherStore, keeps_what_was_committed_when_opened_again) {
  ASSERT_TRUE(add(*open(), "main"));
  EXPECT_EQ(count(*open()), 1);
}

TEST_P(EitherStore, values_come_back_as_they_were) {
  auto database = open();
  const auto row = database->run_and_wait<Row>([](Session& session) {
    Sql sql(session);
    sql.run(
        "INSERT INTO account (id, name, email, password_hash, role, scopes, created_at)"
        " VALUES (?, ?, ?, '', 'viewer', '', ?)",
        {"1", "舞台 'ann'", std::nullopt, std::int64_t{1} << 60});
    return *sql.row("SELECT name, email, created_at FROM account WHERE id = ?", {"1"});
  });
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text(0), "舞台 'ann'");
  EXPECT_TRUE(row->null(1));
  EXPECT_EQ(row->number(2), std::int64_t{1} << 60);
}

// SQLite's are kept with their connection: nothing of one execution may be left for the next.
TEST_P(EitherStore, a_statement_serves_again_with_other_values) {
  auto database = open();
  const auto answers = database->run_and_wait<std::vector<std::string>>([](Session& session) {
    Sql sql(session);
    std::vector<std::string> seen;
    const auto add = [&sql](const char* id, Value email, Value number) {
      sql.run(
          "INSERT INTO account (id, name, email, password_hash, role, scopes, created_at)"
          " VALUES (?, ?, ?, '', 'viewer', '', ?)",
          {id, id, email, number});
    };
    add("1", "ann", 1);
    add("2", std::nullopt, std::int64_t{1} << 60);
    add("3", "舞台", 3);
    for (const char* id : {"3", "none", "2", "1", "3"}) {
      const auto row = sql.row("SELECT email, created_at FROM account WHERE id = ?", {id});
      seen.push_back(!row ? "-" : fmt::format("{} {}", row->text(0), row->number(1)));
      seen.push_back(std::to_string(
          sql.number("SELECT created_at FROM account WHERE id <= ? ORDER BY id DESC", {id})));
    }
    seen.push_back(
        std::to_string(sql.run("UPDATE account SET scopes = ? WHERE id < ?", {"a", "3"})));
    seen.push_back(
        std::to_string(sql.run("UPDATE account SET scopes = ? WHERE id < ?", {"b", "2"})));
    return seen;
  });
  const auto big = std::to_string(std::int64_t{1} << 60);
  EXPECT_EQ(answers, (std::vector<std::string>{"舞台 3", "3", "-", "3", " " + big, big, "ann 1",
                                               "1", "舞台 3", "3", "2", "1"}));
}

TEST_P(EitherStore, a_statement_that_failed_serves_again) {
  auto database = open();
  EXPECT_TRUE(add(*database, "a"));
  EXPECT_EQ(add(*database, "a"), std::unexpected(Failure::Conflict));
  EXPECT_EQ(add(*database, "a"), std::unexpected(Failure::Conflict));
  EXPECT_TRUE(add(*database, "b"));
  EXPECT_EQ(add(*database, "a"), std::unexpected(Failure::Conflict));
  EXPECT_EQ(count(*database), 2);
}

TEST_P(EitherStore, statements_follow_a_change_of_tables) {
  auto database = open();
  const auto columns = database->run_and_wait<std::size_t>([](Session& session) {
    Sql sql(session);
    sql.run("CREATE TABLE prop (id TEXT)");
    sql.run("INSERT INTO prop (id) VALUES (?)", {"sword"});
    const auto before = sql.row("SELECT id FROM prop")->text(0);
    sql.run("ALTER TABLE prop ADD COLUMN number BIGINT");
    sql.run("INSERT INTO prop (id) VALUES (?)", {"cup"});
    return sql.rows("SELECT id FROM prop").size() + before.size();
  });
  EXPECT_EQ(columns, 2 + 5);
}

TEST_P(EitherStore, more_statements_than_are_kept) {
  auto database = open();
  const auto total = database->run_and_wait<std::int64_t>([](Session& session) {
    Sql sql(session);
    std::int64_t sum = 0;
    for (int i = 0; i < 2 * static_cast<int>(kStatementsKept); ++i) {
      sum += sql.number(fmt::format("SELECT CAST({} AS BIGINT)", i), {});
      sum += sql.number("SELECT COUNT(*) FROM publish_key");
    }
    return sum;
  });
  const auto last = static_cast<std::int64_t>(2 * kStatementsKept) - 1;
  EXPECT_EQ(total, last * (last + 1) / 2);
}

TEST_P(EitherStore, one_bad_piece_of_a_group_harms_only_itself) {
  auto database = open();
  ThreadExecutor home;
  std::latch gate(1);
  database->run<int>(home, [&](Session&) { return gate.wait(), 0; }, [](auto) {});
  std::vector<std::string> told;  // pieces that wait together are one commit
  const auto piece = [&](const std::string& channel) {
    database->run<int>(
        home,
        [channel](Session& session) {
          if (channel == "throws") throw std::runtime_error("CNRY");
          Sql(session).run(
              "INSERT INTO publish_key (id, channel, hash, created_at) VALUES (?, 'c', ?, 0)",
              {channel, channel});
          if (channel == "late") throw std::runtime_error("after its row was written");
          return 1;
        },
        [&told, channel](std::expected<int, Failure> done) {
          told.push_back(channel + (done                                ? ""
                                    : done.error() == Failure::Conflict ? ":conflict"
                                                                        : ":broken"));
        });
  };
  for (const char* channel : {"a", "throws", "a", "late", "b"}) piece(channel);
  gate.count_down();
  ASSERT_TRUE(home.wait([&] { return told.size() == 5; }));
  EXPECT_EQ(told,
            (std::vector<std::string>{"a", "throws:broken", "a:conflict", "late:broken", "b"}));
  EXPECT_EQ(count(*database), 2);
}

// What a lane's pieces wait for: on a server not for each other's, in a file for all.
TEST_P(EitherStore, a_sale_that_takes_long_keeps_nobody_else_waiting_on_a_server) {
  auto database = open();
  ThreadExecutor home;
  std::latch gate(1), begun(1);
  std::vector<std::string> told;
  const auto note = [&told](const char* who) {
    return [&told, who](std::expected<std::int64_t, Failure> done) {
      told.push_back(done ? who : std::string(who) + " failed");
    };
  };
  database->run<std::int64_t>(
      home,
      [&](Session& session) {
        Sql sql(session);
        const auto number = next_change(sql);  // the lock of all sales
        begun.count_down();
        gate.wait();
        return number;
      },
      note("sale"));
  begun.wait();
  database->run<std::int64_t>(
      Lane::House, home,
      [](Session& session) {
        Sql sql(session);
        return next_change(sql, Counter::People);
      },
      note("house"));
  const bool server = GetParam() == testing::Kind::PostgreSql;
  if (server) {
    EXPECT_TRUE(home.wait([&] { return told.size() == 1; })) << "it waits for the sale";
  }
  database->run<std::int64_t>(
      Lane::Looks, home,
      [](Session& session) {
        return Sql(session).number("SELECT value FROM change_counter WHERE id = 1");
      },
      note("look"));
  if (server) {
    EXPECT_TRUE(home.wait([&] { return told.size() == 2; })) << "it waits for the sale";
  }
  gate.count_down();
  ASSERT_TRUE(home.wait([&] { return told.size() == 3; }));
  EXPECT_EQ(told, server ? (std::vector<std::string>{"house", "look", "sale"})
                         : (std::vector<std::string>{"sale", "house", "look"}));
}

TEST_P(EitherStore, the_two_counters_go_on_from_one_number_and_apart) {
  auto database = open();
  const auto numbers = database->run_and_wait<std::vector<std::int64_t>>([](Session& session) {
    Sql sql(session);
    return std::vector{next_change(sql), next_change(sql), next_change(sql, Counter::People)};
  });
  EXPECT_EQ(*numbers, (std::vector<std::int64_t>{1, 2, 1}));
}

TEST_P(EitherStore, a_group_ends_after_its_time_and_the_next_one_does_the_rest) {
  auto database = open();
  ThreadExecutor home;
  std::latch gate(1);
  std::atomic<bool> committed{false};
  bool seen = false;
  int done = 0;
  const auto count_done = [&](std::expected<int, Failure> told) { done += told ? 1 : 0; };
  database->run<int>(home, [&](Session&) { return gate.wait(), 0; }, count_done);
  database->run<int>(
      home,
      [](Session&) {
        std::this_thread::sleep_for(kDatabaseGroupTime + Millis{100});
        return 0;
      },
      [&](std::expected<int, Failure> told) { committed = true, count_done(told); });
  std::latch waits(1);
  database->run<int>(
      home,
      [&](Session&) {
        waits.wait();  // for what is told of the piece before: its group is committed
        seen = committed;
        return 0;
      },
      count_done);
  gate.count_down();
  EXPECT_TRUE(home.wait([&] { return committed.load(); })) << "both are in one group";
  waits.count_down();
  ASSERT_TRUE(home.wait([&] { return done == 3; }));
  EXPECT_TRUE(seen);
}

TEST_P(EitherStore, who_waited_too_long_is_told_busy_and_nothing_of_it_happens) {
  DatabaseOptions patient = options();
  patient.wait_most = Millis{50};
  auto database = Database::open(patient).value();
  ThreadExecutor home;
  std::latch gate(1), begun(1);
  std::vector<std::expected<int, Failure>> told;
  const auto note = [&told](std::expected<int, Failure> one) { told.push_back(one); };
  database->run<int>(home, [&](Session&) { return begun.count_down(), gate.wait(), 1; }, note);
  begun.wait();
  bool tried = false;
  database->run<int>(home, [&](Session&) { return tried = true, 2; }, note);
  std::this_thread::sleep_for(Millis{100});
  database->run<int>(home, [](Session&) { return 3; }, note);
  gate.count_down();
  ASSERT_TRUE(home.wait([&] { return told.size() == 3; }));
  EXPECT_EQ(told, (std::vector<std::expected<int, Failure>>{1, std::unexpected(Failure::Busy), 3}));
  EXPECT_FALSE(tried);
}

TEST(PostgreSqlStore, a_look_writes_nothing_and_sees_one_moment) {
  auto database =
      Database::open({.path = {}, .url = testing::PostgreSql::shared().new_database()}).value();
  ThreadExecutor home;
  std::optional<std::expected<std::int64_t, Failure>> wrote, counted;
  database->run<std::int64_t>(
      Lane::Looks, home,
      [](Session& session) {
        Sql sql(session);
        return next_change(sql);
      },
      [&](auto told) { wrote = told; });
  std::latch first(1), second(1);
  database->run<std::int64_t>(
      Lane::Looks, home,
      [&](Session& session) {
        const Moment moment(session);
        Sql sql(session);
        const auto before = sql.number("SELECT value FROM change_counter WHERE id = 1");
        first.count_down();
        second.wait();
        return sql.number("SELECT value FROM change_counter WHERE id = 1") - before;
      },
      [&](auto told) { counted = told; });
  first.wait();
  const auto change = [&database] {
    return database->run_and_wait<std::int64_t>([](Session& session) {
      Sql sql(session);
      return next_change(sql);
    });
  };
  EXPECT_EQ(change(), 1);
  second.count_down();
  ASSERT_TRUE(home.wait([&] { return wrote && counted; }));
  EXPECT_EQ(*wrote, std::unexpected(Failure::Broken));
  EXPECT_EQ(*counted, 0);
  EXPECT_EQ(change(), 2) << "what a look tried to write was not undone";
}

// How many migrations there are, asked in that lane.
std::expected<std::int64_t, Failure> migrations_by(Database& database, ThreadExecutor& home,
                                                   Lane lane) {
  std::optional<std::expected<std::int64_t, Failure>> told;
  database.run<std::int64_t>(
      lane, home,
      [](Session& session) { return Sql(session).number("SELECT COUNT(*) FROM migration"); },
      [&](auto one) { told = one; });
  EXPECT_TRUE(home.wait([&] { return told.has_value(); }));
  return told.value_or(std::unexpected(Failure::Undone));
}

TEST(PostgreSqlStore, work_goes_on_after_the_server_crashed) {
  auto& server = testing::PostgreSql::shared();
  auto database = Database::open({.path = {}, .url = server.new_database()}).value();
  const auto count = [&database] {
    return database->run_and_wait<std::int64_t>(
        [](Session& session) { return Sql(session).number("SELECT COUNT(*) FROM migration"); });
  };
  const auto before = count();
  ASSERT_TRUE(before);
  ThreadExecutor home;
  const auto look = [&](Lane lane) { return migrations_by(*database, home, lane); };
  for (std::size_t i = 0; i < kDatabaseLooksAtOnce; ++i) EXPECT_EQ(look(Lane::Looks), before);
  EXPECT_EQ(look(Lane::House), before);
  server.restart_at_once();
  EXPECT_EQ(count().error(), Failure::Broken);  // the connection was cut under it
  EXPECT_EQ(count(), before);
  EXPECT_EQ(look(Lane::House).error(), Failure::Broken);
  EXPECT_EQ(look(Lane::House), before);
  // Each of those connections is found cut once at most, whichever takes a look.
  std::size_t cut = 0;
  for (std::size_t i = 0; i < 10 * kDatabaseLooksAtOnce; ++i) {
    if (look(Lane::Looks) != before) ++cut;
  }
  EXPECT_LE(cut, kDatabaseLooksAtOnce);
}

// Not only cut: nobody is there for a while, and every lane is asked meanwhile.
TEST(PostgreSqlStore, work_goes_on_when_the_server_was_away) {
  auto& server = testing::PostgreSql::shared();
  auto database = Database::open({.path = {}, .url = server.new_database()}).value();
  ThreadExecutor home;
  const auto ask = [&](Lane lane) { return migrations_by(*database, home, lane); };
  constexpr std::array kLanes{Lane::Sale, Lane::House, Lane::Looks};
  ASSERT_TRUE(ask(Lane::House));
  server.stop_at_once();
  for (int i = 0; i < 6; ++i) {
    for (const Lane lane : kLanes) EXPECT_EQ(ask(lane).error(), Failure::Broken);
  }
  server.start();
  for (const Lane lane : kLanes) {
    // A connection that nobody used meanwhile is found cut now.
    std::size_t cut = 0;
    while (!ask(lane) && cut <= kDatabaseLooksAtOnce) ++cut;
    EXPECT_LE(cut, kDatabaseLooksAtOnce);
  }
}

TEST(PostgreSqlStore, an_address_is_told_who_comes_and_is_a_pair_of_name_and_value) {
  EXPECT_EQ(with_a_pair("postgresql://u:w@h:5/db"),
            "postgresql://u:w@h:5/db?application_name=butai");
  EXPECT_EQ(with_a_pair("postgres://h/db?sslmode=require"),
            "postgres://h/db?sslmode=require&application_name=butai");
  EXPECT_EQ(with_a_pair("postgresql:///db?application_name=mine"),
            "postgresql:///db?application_name=mine");
  EXPECT_EQ(with_a_pair("host=/run dbname=db"), "host=/run dbname=db");
}

TEST(PostgreSqlStore, server_that_is_not_there_is_a_sentence_without_the_password) {
  const auto refused =
      Database::open({.path = {}, .url = "postgresql://butai:CNRY-word@localhost:1/butai"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("[store] url"), std::string::npos);
  EXPECT_EQ(refused.error().sentence.find("CNRY-word"), std::string::npos);
}

TEST(Migrations, are_numbered_without_gaps) {
  int expected = 1;
  for (const Migration& next : migrations()) EXPECT_EQ(next.number, expected++);
  EXPECT_GT(expected, 1);
}

}  // namespace
}  // namespace butai::store
