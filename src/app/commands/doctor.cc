#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <thread>

#include "access/secret.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/house.h"
#include "app/ladder_trial.h"
#include "app/legal.h"
#include "app/mail_checks.h"
#include "app/protection_checks.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/listener.h"
#include "net/server.h"
#include "store/database.h"
#include "store/files.h"
#include "store/sql.h"

namespace butai::app {
namespace {

void check_clock(DoctorReport& report) {
  const auto now = std::chrono::system_clock::to_time_t(SystemClock().utc());
  // Media time is UTC: a clock of 1970 or 2100 makes addresses that no player believes.
  const int year = fmt::gmtime(now).tm_year + 1900;
  const bool sane = year >= 2024 && year < 2100;
  report.line(sane ? Verdict::Good : Verdict::Bad, "clock",
              fmt::format("{:%Y-%m-%d %H:%M:%S} UTC{}", fmt::gmtime(now),
                          sane ? "" : "; set it (timedatectl set-ntp true)"));
}

void check_limits(DoctorReport& report) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const bool enough = files.rlim_max >= 12'000;
  report.line(enough ? Verdict::Good : Verdict::Mind, "descriptors",
              fmt::format("{} at most{}", files.rlim_max,
                          enough ? "" : "; ten thousand viewers need 12000 (ulimit -Hn)"));
  report.line(Verdict::Good, "processors", fmt::format("{}", std::thread::hardware_concurrency()));
}

// Sales are one after another, and each is some forty questions one after another (decision 0036).
constexpr Micros kDatabaseNear{5'000};

void check_distance(DoctorReport& report, store::Database& database) {
  const auto each = database.run_and_wait<Micros>([](store::Session& session) {
    constexpr int kQuestions = 5;
    store::Sql sql(session);
    const SystemClock clock;
    const Steady from = clock.steady();
    for (int i = 0; i < kQuestions; ++i) sql.number("SELECT 1");
    return std::chrono::duration_cast<Micros>((clock.steady() - from) / kQuestions);
  });
  if (!each) return report.line(Verdict::Bad, "database", std::string(sentence(each.error())));
  const bool near = *each <= kDatabaseNear;
  report.line(near ? Verdict::Good : Verdict::Mind, "database",
              fmt::format("the server of [store] url, {:.1f} ms a question{}",
                          static_cast<double>(each->count()) / 1000,
                          near ? "" : "; an order is some forty of them: put it nearer"));
}

void check_data(DoctorReport& report, const Config& config, const std::string& data) {
  if (auto made = store::prepare_folder(data); !made) {
    return report.line(Verdict::Bad, "data", made.error().sentence);
  }
  struct statvfs disk{};
  statvfs(data.c_str(), &disk);
  const double free_gb =
      static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize) / 1e9;
  report.line(free_gb > 1 ? Verdict::Good : Verdict::Mind, "disk",
              fmt::format("{:.1f} GB free in {}", free_gb, data));
  auto database = store::Database::open(config.database(data));
  if (!database) return report.line(Verdict::Bad, "database", database.error().sentence);
  if (config.store.url.empty()) {
    return report.line(Verdict::Good, "database", data + "/butai.db");
  }
  check_distance(report, **database);
}

void check_secret(DoctorReport& report, const Config& config, const std::string& data) {
  SystemRandom random;
  const auto secret = access::load_secret(config.auth.secret, data, random);
  if (!secret) return report.line(Verdict::Bad, "secret", secret.error().sentence);
  report.line(secret->weak() ? Verdict::Mind : Verdict::Good, "secret",
              secret->weak()
                  ? "short or well known: its tokens are accepted from this machine only; "
                    "set BUTAI_AUTH_SECRET to 32 bytes or more"
                  : (config.auth.secret.empty() ? data + "/keys/secret" : "configured"));
}

void check_certificate(DoctorReport& report, const Config& config, const std::string& data) {
  const bool own = !config.server.certificate.empty();
  const std::string file = own ? config.server.certificate : data + "/certs/certificate.pem";
  if (!own && !std::filesystem::exists(file)) {
    return report.line(Verdict::Mind, "certificate",
                       "a self-signed one is made at the first start");
  }
  const auto fingerprint = net::certificate_fingerprint(file);
  if (!fingerprint) return report.line(Verdict::Bad, "certificate", fingerprint.error().sentence);
  report.line(own ? Verdict::Good : Verdict::Mind, "certificate",
              own ? file : fmt::format("self-signed; clients need --pin {}", *fingerprint));
}

void check_port(DoctorReport& report, std::string_view what, const HostPort& where) {
  std::uint16_t port = where.port;
  const auto free = net::bind_all(where.host, port, 1);
  if (free) close(free->front());
  report.line(free ? Verdict::Good : Verdict::Bad, what,
              free ? fmt::format("{}:{} is free", where.host, where.port) : free.error().sentence);
}

// The worker says whether its sandbox holds on this kernel.
void check_worker(DoctorReport& report, const std::string& worker) {
  if (!std::filesystem::exists(worker)) {
    return report.line(Verdict::Bad, "worker", fmt::format("{} is missing; build it", worker));
  }
  const pid_t child = fork();
  if (child == 0) {
    execl(worker.c_str(), worker.c_str(), "try-sandbox", "open", nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const bool holds = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  report.line(holds ? Verdict::Good : Verdict::Bad, "worker",
              holds ? "runs, and its sandbox refuses to open files"
                    : "its sandbox does not hold on this kernel, or it does not run");
}

// Of a house that sells: what takes the money, and whether it may.
void check_sale(DoctorReport& report, const Config& config) {
  const bool sells = std::ranges::any_of(
      config.channels, [](const auto& one) { return one.second.access == Access::Ticket; });
  const ticketing::StripeSettings& stripe = config.payments.stripe;
  if (!sells && stripe.secret_key.empty()) return;
  if (stripe.secret_key.empty()) {
    report.line(Verdict::Mind, "payments", "the test provider's: no money moves");
  } else {
    const auto good = ticketing::check_stripe_settings(stripe);
    const bool live = ticketing::is_live_key(stripe.secret_key);
    report.line(!good  ? Verdict::Bad
                : live ? Verdict::Good
                       : Verdict::Mind,
                "payments",
                !good  ? good.error().sentence
                : live ? "Stripe, real money"
                       : "Stripe with test keys: no money moves");
  }
  const std::string missing = why_nothing_is_sold(config);
  report.line(missing.empty() ? Verdict::Good : Verdict::Bad, "legal",
              missing.empty() ? "the seller is named" : missing);
}

// Files that channels play by themselves.
void check_inputs(DoctorReport& report, const Config& config) {
  constexpr std::string_view kFile = "file:";
  for (const auto& [name, channel] : config.channels) {
    if (!channel.input || !channel.input->source.starts_with(kFile)) continue;
    const std::string path = channel.input->source.substr(kFile.size());
    const bool there = ::access(path.c_str(), R_OK) == 0;
    report.line(there ? Verdict::Good : Verdict::Bad, "input",
                there ? fmt::format("{} plays {}", name, path)
                      : fmt::format("{} is to play {}: {}; correct [[channel]] input, or put the "
                                    "file there",
                                    name, path, std::strerror(errno)));
  }
}

// Once per ladder, however many channels have it.
void check_ladders(DoctorReport& report, const Config& config, const std::string& worker) {
  constexpr double kComfortable = 0.7;  // of the machine's time; the rest is for viewers
  std::map<std::string, std::vector<worker::Rung>> ladders;  // by their names
  std::vector<std::string> channels{"main"};
  for (const auto& [name, ignored] : config.channels) channels.push_back(name);
  for (const std::string& channel : channels) {
    std::string names;
    const auto rungs = config.ladder(channel);
    for (const auto& rung : rungs) names += (names.empty() ? "" : ", ") + rung.name;
    if (!rungs.empty()) ladders[names] = rungs;
  }
  for (const auto& [names, rungs] : ladders) {
    const auto load = try_ladder(worker, rungs);
    if (!load) {
      report.line(Verdict::Bad, "ladder", fmt::format("{}: could not be tried", names));
      continue;
    }
    const Verdict verdict = *load > 1              ? Verdict::Bad
                            : *load > kComfortable ? Verdict::Mind
                                                   : Verdict::Good;
    report.line(
        verdict, "ladder",
        fmt::format("{} of one channel at 1080p30 take {:.0f} % of the time there is{}", names,
                    *load * 100,
                    verdict == Verdict::Good ? "" : "; make fewer, or use a larger machine"));
  }
}

}  // namespace

void DoctorReport::line(Verdict verdict, std::string_view what, std::string_view found) {
  constexpr std::string_view kMarks[] = {"ok  ", "mind", "BAD "};
  fmt::print("{}  {:<14} {}\n", kMarks[static_cast<int>(verdict)], what, found);
  bad_ = bad_ || verdict == Verdict::Bad;
}

int doctor(const Place& place) {
  DoctorReport report;
  auto config = load_config(place.config, environment_of_this_process());
  if (!config) {
    report.line(Verdict::Bad, "configuration", config.error().sentence);
    return report.status();
  }
  report.line(Verdict::Good, "configuration",
              config->file.empty() ? "defaults (no config/butai.toml here)" : config->file);
  const std::string data = place.data.empty() ? "data" : place.data;
  check_clock(report);
  check_limits(report);
  check_data(report, *config, data);
  check_secret(report, *config, data);
  check_protection(report, *config, data);
  check_certificate(report, *config, data);
  check_mail(report, *config, data);
  check_port(report, "http", config->server.listen.value_or(HostPort{"0.0.0.0", 8080}));
  check_port(report, "https", config->server.https_listen.value_or(HostPort{"0.0.0.0", 8443}));
  check_port(report, "rtmp", config->server.rtmp_listen.value_or(HostPort{"0.0.0.0", 1935}));
  check_port(report, "rtmps", config->server.rtmps_listen.value_or(HostPort{"0.0.0.0", 1936}));
  check_port(report, "metrics",
             config->server.metrics_listen.value_or(HostPort{"127.0.0.1", 9998}));
  check_worker(report, worker_beside_us());
  check_inputs(report, *config);
  check_ladders(report, *config, worker_beside_us());
  check_sale(report, *config);
  return report.status();
}

}  // namespace butai::app
