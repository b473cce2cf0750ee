#include "store/backup.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "store/files.h"
#include "store/sql.h"
#include "store/testing/each_store.h"

namespace butai::store {
namespace {

class Backup : public testing::EachStore {
 protected:
  static std::int64_t rows(Database& database) {
    return database
        .run_and_wait<std::int64_t>(
            [](Session& session) { return Sql(session).number("SELECT COUNT(*) FROM account"); })
        .value();
  }
  // Two rows at once: a copy that is whole has both or neither.
  void add_two(Database& database) {
    const auto added = database.run_and_wait<bool>([&](Session& session) {
      Sql sql(session);
      for (const char half : {'a', 'b'}) {
        const std::string name = fmt::format("{}{}", pairs_, half);
        sql.run(
            "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
            " VALUES (?, ?, '', 'viewer', '', 0)",
            {name, name});
      }
      return true;
    });
    ASSERT_TRUE(added);
    ++pairs_;
  }
  // A database of nothing, of the same kind.
  DatabaseOptions another() {
    if (GetParam() == testing::Kind::PostgreSql) {
      return {.path = {}, .url = testing::PostgreSql::shared().new_database()};
    }
    return {.path = place.path() + "/another.db", .url = {}};
  }

  testing::TemporaryFolder place;
  std::string copy = place.path() + "/copy";
  std::atomic<int> pairs_{0};
};
BUTAI_EACH_STORE(Backup);

TEST_P(Backup, a_copy_made_while_others_write_is_whole_and_comes_back_elsewhere) {
  auto database = open();
  for (int i = 0; i < 100; ++i) add_two(*database);
  std::atomic<bool> on{true};
  std::jthread writer([&] {
    while (on) add_two(*database);
  });
  const int before = pairs_;
  const auto made = backup(options(), copy);
  const int after = pairs_ + 1;
  on = false;
  writer.join();
  ASSERT_TRUE(made) << made.error().sentence;
  struct stat info{};
  ASSERT_EQ(stat(copy.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u) << "it holds what the database holds";

  const DatabaseOptions there = another();
  const auto back = restore(copy, there);
  ASSERT_TRUE(back) << back.error().sentence;
  auto restored = Database::open(there).value();
  const auto found = rows(*restored);
  EXPECT_EQ(found % 2, 0);
  EXPECT_GE(found / 2, before);
  EXPECT_LE(found / 2, after);
}

TEST_P(Backup, a_copy_replaces_what_is_there) {
  {
    auto database = open();
    add_two(*database);
    ASSERT_TRUE(backup(options(), copy));
    add_two(*database);
    EXPECT_EQ(rows(*database), 4);
  }
  const auto back = restore(copy, options());
  ASSERT_TRUE(back) << back.error().sentence;
  auto database = open();
  EXPECT_EQ(rows(*database), 2);
  add_two(*database);
}

TEST_P(Backup, a_copy_is_never_written_over_and_none_is_left_of_what_failed) {
  {
    auto database = open();
  }
  std::ofstream(copy) << "of yesterday";
  EXPECT_FALSE(backup(options(), copy));
  EXPECT_EQ(read_file(copy, 100).value(), "of yesterday");
  const std::string second = place.path() + "/second";
  const DatabaseOptions nowhere =
      GetParam() == testing::Kind::PostgreSql
          ? DatabaseOptions{.path = {}, .url = "postgresql:///butai?host=" + place.path()}
          : DatabaseOptions{.path = place.path() + "/nothing.db", .url = {}};
  EXPECT_FALSE(backup(nowhere, second));
  EXPECT_FALSE(file_exists(second));
}

TEST_P(Backup, what_is_no_copy_changes_nothing) {
  {
    auto database = open();
    add_two(*database);
  }
  std::ofstream(copy) << "no copy of anything";
  EXPECT_FALSE(restore(copy, options()));
  EXPECT_FALSE(restore(place.path() + "/nothing", options()));
  auto database = open();
  EXPECT_EQ(rows(*database), 2);
}

}  // namespace
}  // namespace butai::store
