// A test fixture that runs on SQLite and on PostgreSQL: an empty database for every test.
//   class MyTest : public testing::EachStore {}; BUTAI_EACH_STORE(MyTest); TEST_P(MyTest, …)
// Thread: the test's.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "store/database.h"
#include "store/testing/postgresql.h"
#include "store/testing/temporary_folder.h"

namespace butai::store::testing {

enum class Kind { Sqlite, PostgreSql };

class EachStore : public ::testing::TestWithParam<Kind> {
 protected:
  DatabaseOptions options() {
    if (GetParam() == Kind::Sqlite) return {.path = folder_.path() + "/butai.db", .url = {}};
    if (url_.empty()) url_ = PostgreSql::shared().new_database();
    return {.path = {}, .url = url_};
  }
  // May be opened again and again; throws when it cannot be.
  std::unique_ptr<Database> open() { return std::move(Database::open(options()).value()); }

 private:
  TemporaryFolder folder_;
  std::string url_;
};

#define BUTAI_EACH_STORE(Fixture)                                                               \
  INSTANTIATE_TEST_SUITE_P(                                                                     \
      , Fixture,                                                                                \
      ::testing::Values(butai::store::testing::Kind::Sqlite,                                    \
                        butai::store::testing::Kind::PostgreSql),                               \
      [](const auto& chosen) {                                                                  \
        return std::string(chosen.param == butai::store::testing::Kind::Sqlite ? "sqlite"       \
                                                                               : "postgresql"); \
      })

}  // namespace butai::store::testing
