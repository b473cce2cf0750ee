#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "app/fail.h"
#include "app/house.h"
#include "app/running.h"
#include "base/log.h"

namespace butai::app {
namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

// Ten thousand viewers need as many descriptors (DESIGN section 7).
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Content keys are in memory: a crash must not write them to a disk.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

void start_log(const LogConfig& config) {
  const bool json =
      config.format == "json" || (config.format == "auto" && isatty(STDERR_FILENO) == 0);
  const auto level = config.level == "debug"     ? log::Level::Debug
                     : config.level == "warning" ? log::Level::Warning
                     : config.level == "error"   ? log::Level::Error
                                                 : log::Level::Info;
  log::start(json ? log::Format::Json : log::Format::Text, level);
}

}  // namespace

int run_house(const ServeOptions& options, Config config, const std::string& default_host,
              const std::function<void(House&, const Ports&)>& on_ready) {
  start_log(config.log);
  if (const auto names = unknown_environment(environment_of_this_process(), config);
      !names.empty()) {
    log::warning("the environment has names that mean nothing", {{"names", names}});
  }
  raise_descriptor_limit();
  forbid_core_dumps();
  ::signal(SIGPIPE, SIG_IGN);
  // Before any thread is made: they all inherit it, and signals come to sigwait below alone.
  const sigset_t signals = watched_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto house = House::open(std::move(config), {.data = options.place.data,
                                               .listen = options.listen,
                                               .worker = options.worker,
                                               .default_host = default_host});
  if (!house) return fail(house.error().sentence);
  auto ports = (*house)->start();
  if (!ports) return fail(ports.error().sentence);
  if (options.print_ports) {
    fmt::print("{{\"http\":{},\"https\":{},\"rtmp\":{},\"rtmps\":{},\"metrics\":{}}}\n",
               ports->http, ports->https, ports->rtmp, ports->rtmps, ports->metrics);
    std::fflush(stdout);
  }
  on_ready(**house, *ports);

  for (int signal = 0; sigwait(&signals, &signal) == 0;) {
    if (signal == SIGCHLD) continue;  // workers are watched by their lines
    if (signal != SIGHUP) break;
    auto fresh = load_config(options.place.config, environment_of_this_process());
    if (!fresh) {
      log::error("configuration not reloaded; the old one goes on",
                 {{"why", fresh.error().sentence}});
      continue;
    }
    (*house)->reload(std::move(*fresh));
    log::info("configuration reloaded");
  }
  log::info("stopping");
  (*house)->drain();
  return 0;
}

int serve(const ServeOptions& options) {
  ServeOptions with_data = options;
  if (with_data.place.data.empty()) with_data.place.data = "data";
  auto config = load_config(options.place.config, environment_of_this_process());
  if (!config) return fail(config.error().sentence);
  return run_house(with_data, std::move(*config), "0.0.0.0", [](House& house, const Ports& ports) {
    log::info("ready", {{"http", ports.http},
                        {"https", ports.https},
                        {"rtmp", ports.rtmp},
                        {"rtmps", ports.rtmps},
                        {"metrics", ports.metrics},
                        {"certificate_sha256", house.fingerprint()}});
    if (!house.has_accounts()) {
      log::info(
          "there is no account yet; the first admin is made with: butai user add NAME --role "
          "admin");
    }
  });
}

}  // namespace butai::app
