#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "access/accounts.h"
#include "access/password.h"
#include "access/scopes.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/fail.h"
#include "base/random.h"
#include "store/database.h"
#include "store/files.h"

namespace butai::app {
namespace {

// What is typed does not show on the terminal.
class Unseen {
 public:
  Unseen() {
    if (isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
    std::cerr << "password: ";
  }
  ~Unseen() {
    if (!changed_) return;
    tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    std::cerr << '\n';
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

Expected<std::string> read_password(const std::string& file) {
  std::string password;
  if (file.empty()) {
    const Unseen unseen;
    std::getline(std::cin, password);
  } else {
    auto contents = store::read_file(file, 4096);
    if (!contents) return contents;
    password = contents->substr(0, contents->find('\n'));
  }
  if (!password.empty() && password.back() == '\r') password.pop_back();
  if (password.empty()) {
    return problem("no password; give one line on standard input or with --password-file");
  }
  return password;
}

}  // namespace

int user_add(const UserOptions& options) {
  auto config = load_config(options.place.config, environment_of_this_process());
  if (!config) return fail(config.error().sentence);
  const std::string data = options.place.data.empty() ? "data" : options.place.data;
  if (auto made = store::prepare_folder(data); !made) return fail(made.error().sentence);
  auto database = store::Database::open(config->database(data));
  if (!database) return fail(database.error().sentence);
  auto password = read_password(options.password_file);
  if (!password) return fail(password.error().sentence);

  SystemClock clock;
  SystemRandom random;
  access::Passwords passwords;
  access::Accounts accounts(**database, passwords, clock, random);
  const auto role = access::role_of(options.role);
  const auto added = accounts.add({.name = options.name,
                                   .email = std::nullopt,
                                   .role = role.value_or(access::Role::Viewer),
                                   .scopes = access::parse_scopes(options.scope),
                                   .password = std::move(*password)});
  if (!added) return fail(std::string(access::sentence(added.error())));
  fmt::print("account {} ({}), tokens may allow: {}\n", added->name, access::name_of(added->role),
             access::join_scopes(added->granted()));
  return 0;
}

}  // namespace butai::app
