// butai doctor --device-matrix: the watch page for devices in the hand, and a row of docs/device-matrix.md
// on standard output for each that tried it: real key systems can only be seen on real devices.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "app/commands.h"
#include "app/control_token.h"
#include "app/fail.h"
#include "client/endpoint.h"
#include "client/interrupts.h"
#include "net/client.h"

namespace butai::app {
namespace {

namespace json = boost::json;

constexpr Seconds kLookEvery{1};

// Drawn by the program qrencode, where it is installed; beside the rows, not among them.
bool draw(const std::string& text) {
  std::fflush(stderr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execlp("qrencode", "qrencode", "-t", "ANSIUTF8", "--", text.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

// Asks the server again and again and prints what devices have told since.
class Collector {
 public:
  Collector(net::Loop& loop, const MatrixOptions& options, const Config& config, std::string origin)
      : loop_(loop), options_(options), config_(config), origin_(std::move(origin)) {}

  void look() {
    const auto token = control_token(config_, options_.place);
    if (!token) return give_up(token.error().sentence);
    net::ClientOptions client;
    client.ca_file = options_.ca;
    client.pin = options_.pin;
    client.headers.add("Authorization", "Bearer " + *token);
    net::fetch(loop_, net::Method::Get,
               fmt::format("{}/api/v1/device-rows?after={}", origin_, after_), client, "",
               [this](const Expected<net::ClientResponse>& answer) { take(answer); });
  }
  int status() const { return status_; }

 private:
  void take(const Expected<net::ClientResponse>& answer) {
    if (!answer) return give_up(answer.error().sentence);
    boost::system::error_code error;
    const json::value value = json::parse(answer->body, error);
    const json::object* object = error ? nullptr : value.if_object();
    const json::value* rows = object != nullptr ? object->if_contains("rows") : nullptr;
    const json::value* next = object != nullptr ? object->if_contains("next") : nullptr;
    if (answer->status != 200 || rows == nullptr || !rows->is_array() || next == nullptr) {
      return give_up(
          fmt::format("{} answers {}; its rows are given to who has its secret: run this "
                      "with its --config and --data",
                      origin_, answer->status));
    }
    for (const json::value& row : rows->get_array()) {
      if (row.is_string()) fmt::print("{}\n", std::string_view(row.get_string()));
    }
    std::fflush(stdout);
    after_ = next->is_int64() ? next->get_int64() : after_;
    timer_ = loop_.after(kLookEvery, [this] { look(); });
  }
  void give_up(const std::string& sentence) {
    status_ = fail(sentence);
    loop_.stop();
  }

  net::Loop& loop_;
  const MatrixOptions& options_;
  const Config& config_;
  const std::string origin_;
  std::int64_t after_ = 0;
  TimerHandle timer_;
  int status_ = 0;
};

}  // namespace

int device_matrix(const MatrixOptions& options) {
  const auto url = client::parse_url(options.url.substr(0, options.url.find('#')));
  if (!url || (url->scheme != "https" && url->scheme != "http")) {
    return fail("--device-matrix takes the address of a watch page, https://HOST/watch/CHANNEL");
  }
  const auto config = load_config(options.place.config, environment_of_this_process());
  if (!config) return fail(config.error().sentence);
  const std::size_t hash = std::min(options.url.find('#'), options.url.size());
  std::string address = options.url.substr(0, hash);
  address += address.find('?') == address.npos ? "?row=1" : "&row=1";
  address += options.url.substr(hash);  // the token stays behind it: no server sees it
  fmt::print(
      stderr,
      "Open this on each device. After some seconds of playing, or when it cannot, its row comes"
      " here:\n\n{}\n\n",
      address);
  if (!draw(address)) {
    fmt::print(stderr, "(a QR code is shown here where qrencode is installed)\n");
  }
  net::Loop loop(0);
  Collector collector(loop, options, *config, url->origin());
  const client::Interrupts interrupts(loop, [&loop] { loop.stop(); });
  TimerHandle over;
  loop.post([&] {
    if (options.seconds > 0) over = loop.after(Seconds{options.seconds}, [&loop] { loop.stop(); });
    collector.look();
  });
  loop.run();
  return collector.status();
}

}  // namespace butai::app
