// A PostgreSQL server of Debian for one test program: its own temporary folder, a socket file and no
// port, run as the user postgres when the tests run as root (it refuses root).
//   testing::PostgreSql::shared().new_database() -> a URL of an empty database
// Thread: the test's. The server ends with the program.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "store/testing/temporary_folder.h"

namespace butai::store::testing {

class PostgreSql {
 public:
  static PostgreSql& shared() {
    static PostgreSql server;
    return server;
  }

  std::string new_database() {
    const std::string name = fmt::format("butai_{}", ++databases_);
    run(fmt::format("{}/createdb -U postgres -h {} {}", kPrograms, folder_.path(), name));
    return url(name);
  }
  std::string url(const std::string& name) const {
    return fmt::format("postgresql:///{}?host={}&user=postgres", name, folder_.path());
  }
  // As a crash: nobody is waited for, nothing is flushed; it recovers from its log.
  void restart_at_once() {
    stop_at_once();
    start();
  }
  void stop_at_once() {
    run(fmt::format("{}/pg_ctl -D {}/db -m immediate -w stop", kPrograms, folder_.path()));
  }
  void start() {
    run(fmt::format("{0}/pg_ctl -D {1}/db -w -l {1}/log -o \"-c listen_addresses='' -k {1}\" start",
                    kPrograms, folder_.path()));
  }

 private:
  static constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin";

  PostgreSql() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
    run(fmt::format("{}/initdb -D {}/db -U postgres -A trust --no-sync", kPrograms,
                    folder_.path()));
    start();
  }
  ~PostgreSql() {
    const std::string stop =
        as_postgres(fmt::format("{}/pg_ctl -D {}/db -m immediate stop", kPrograms, folder_.path()));
    if (std::system(stop.c_str()) != 0) std::perror("pg_ctl stop");
  }

  static std::string as_postgres(const std::string& command) {
    const std::string quiet = command + " >/dev/null 2>&1";
    return geteuid() == 0 ? fmt::format("cd / && runuser -u postgres -- {}", quiet) : quiet;
  }
  static void run(const std::string& command) {
    if (std::system(as_postgres(command).c_str()) != 0) {
      throw std::runtime_error("failed, is postgresql installed? " + command);
    }
  }

  TemporaryFolder folder_;
  int databases_ = 0;
};

}  // namespace butai::store::testing
