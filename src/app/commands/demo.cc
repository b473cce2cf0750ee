#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "access/accounts.h"
#include "access/mac.h"
#include "app/commands.h"
#include "app/demo_event.h"
#include "app/fail.h"
#include "app/running.h"
#include "base/log.h"

namespace butai::app {
namespace {

// A folder that goes when the demo goes.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "butai-demo-XXXXXX";
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// `butai publish test` over the real wss path, as a process of its own.
class TestPicture {
 public:
  ~TestPicture() {
    if (process_ <= 0) return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }

  void start(const std::string& url, const std::string& pin, const std::string& token,
             const std::string& worker, std::initializer_list<std::string> more = {}) {
    // Everything the child needs is made before fork: afterwards only plain calls are safe.
    std::string self = std::filesystem::read_symlink("/proc/self/exe");
    std::vector<std::string> arguments{self, "publish", "test", url, "--pin", pin};
    arguments.insert(arguments.end(), more);
    if (!worker.empty()) arguments.insert(arguments.end(), {"--worker", worker});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    // In the environment, not an argument: arguments everybody on the machine can read.
    std::string secret = "BUTAI_TOKEN=" + token;
    std::vector<char*> variables{secret.data()};
    for (char** entry = environ; *entry != nullptr; ++entry) variables.push_back(*entry);
    variables.push_back(nullptr);
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(1);
      sigset_t none;
      sigemptyset(&none);
      pthread_sigmask(SIG_SETMASK, &none, nullptr);
      execve(self.c_str(), argv.data(), variables.data());
      _exit(127);
    }
  }

 private:
  pid_t process_ = 0;
};

// Somebody who sells and somebody who buys; their passwords are of this run only.
struct People {
  std::string producer_password, viewer_password;
};

std::string random_word() {
  SystemRandom random;
  std::array<std::uint8_t, 9> bytes;
  random.fill(bytes);
  return access::base64url(bytes);
}

People invite_people(House& house) {
  const People people{random_word(), random_word()};
  const auto add = [&house](const std::string& name, access::Role role,
                            const std::string& password) {
    const auto added = house.accounts().add({.name = name,
                                             .email = name + "@example.org",
                                             .role = role,
                                             .scopes = {},
                                             .password = password});
    if (!added) log::error(access::sentence(added.error()), {{"account", name}});
  };
  add("producer", access::Role::Producer, people.producer_password);
  add("viewer", access::Role::Viewer, people.viewer_password);
  return people;
}

std::string mint(House& house, const std::string& subject, std::vector<std::string> scopes) {
  auto token = house.minter().mint(subject, scopes, std::chrono::hours{12});
  return token ? *token : token.error().sentence;
}

void greet(House& house, const Ports& ports, const std::string& host, const People& people,
           const std::string& mail) {
  const std::string camera = mint(house, "camera", {"publish:camera", "view:camera"});
  fmt::print(R"(
  Butai is on the air.  舞台の幕が上がりました。

  Watch the test picture / テスト映像を見る
    http://{0}:{1}/watch/main        all pages: http://{0}:{1}/

  Buy a ticket and watch / チケットを買って観る
    http://{0}:{1}/e/opening-night
    viewer@example.org      password {6}
    producer@example.org    password {7}
    test card  4242 4242 4242 4242
    letters    {8}

  Send your own camera / 自分のカメラを送る (it goes to the channel "camera", which needs this token)
    export BUTAI_TOKEN={3}

    browser    http://{0}:{1}/publish#channel=camera&token={3}
    program    butai publish camera "wss://{0}:{2}/ws?channel=camera" --pin {4}
    OBS, vMix  server rtmp://{0}:{5}/live    key camera?token={3}
    Python     python3 clients/python/send.py "ws://{0}:{1}/ws?channel=camera"
    and watch  http://{0}:{1}/watch/camera#token={3}

  API  http://{0}:{1}/api/v1/openapi.json      ready  http://{0}:{1}/readyz      Ctrl-C stops it.

)",
             host, ports.http, ports.https, camera, house.fingerprint(), ports.rtmp,
             people.viewer_password, people.producer_password, mail);
  std::fflush(stdout);
}

}  // namespace

int demo(const DemoOptions& options) {
  TemporaryFolder folder;
  if (folder.path().empty()) return fail("no temporary folder could be made; give one with --data");
  ServeOptions serve_options = options.serve;
  if (serve_options.place.data.empty()) serve_options.place.data = folder.path();
  auto config = load_config(options.serve.place.config, environment_of_this_process());
  if (!config) return fail(config.error().sentence);
  // Only the test picture is for everybody; a camera goes to a channel that needs a token.
  ChannelConfig main_channel = config->channel("main");
  main_channel.name = "main";
  main_channel.access = Access::Public;
  config->channels["main"] = main_channel;
  if (config->log.level == "info") config->log.level = "warning";

  ChannelConfig stage = config->channel(kDemoStage);
  stage.name = kDemoStage;
  stage.access = Access::Ticket;
  stage.protection = media::Scheme::Cbcs;
  config->channels[kDemoStage] = stage;
  // Whoever can play the one can play the other.
  ChannelConfig trial = stage;
  trial.name = std::string(kDemoStage) + "-test";
  trial.access = Access::Token;
  trial.like = kDemoStage;
  config->channels[trial.name] = trial;
  config->payments.test = PaymentsConfig::Test::Operator;
  config->auth.second_factor = access::SecondFactor::Off;

  const std::string mail = !config->mail.smtp.empty()        ? "to the mail server of [mail] smtp"
                           : !config->mail.directory.empty() ? config->mail.directory
                                                             : serve_options.place.data + "/mail";
  TestPicture picture, stage_picture, trial_picture;
  const std::string default_host = options.lan ? "0.0.0.0" : "127.0.0.1";
  return run_house(
      serve_options, std::move(*config), default_host, [&](House& house, const Ports& ports) {
        picture.start(fmt::format("wss://127.0.0.1:{}/ws?channel=main", ports.https),
                      house.fingerprint(), mint(house, "demo", {"publish:main"}),
                      options.serve.worker);
        const auto small = [&](TestPicture& one, const std::string& channel) {
          one.start(fmt::format("wss://127.0.0.1:{}/ws?channel={}", ports.https, channel),
                    house.fingerprint(), mint(house, "demo", {"publish:" + channel}),
                    options.serve.worker, {"--size", "640x360", "--fps", "15"});
        };
        small(stage_picture, kDemoStage);
        small(trial_picture, std::string(kDemoStage) + "-test");
        for (const auto& event : demo_events(SystemClock().utc())) {
          if (auto added = house.add_event(event); !added) {
            log::error(added.error().sentence);
          }
        }
        const People people = invite_people(house);
        if (!options.serve.print_ports) greet(house, ports, "localhost", people, mail);
      });
}

}  // namespace butai::app
