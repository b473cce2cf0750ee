#include "client/publish.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/status_line.h"
#include "client/endpoint.h"
#include "client/interrupts.h"
#include "client/publisher.h"

namespace butai::client {

int publish(const PublishOptions& options) {
  StatusLine status(stderr);
  auto target = publish_target(options.url);
  if (!target) {
    status.say(target.error().sentence);
    return 2;
  }
  if (target->rtmp && options.format == worker::Capture::Format::Jpeg) {
    status.say("RTMP carries H.264; leave --format out, or send JPEG to wss://HOST/ws");
    return 2;
  }
  net::Loop loop(0);
  const SystemClock clock;
  SystemRandom random;
  int result = 1;
  {
    Publisher publisher(loop, clock, random, options, std::move(*target), status,
                        [&](int exit_status) {
                          result = exit_status;
                          loop.stop();
                        });
    const Interrupts interrupts(loop, [&] { publisher.stop(); });
    loop.post([&] { publisher.start(); });
    loop.run();
  }
  return result;
}

std::string worker_beside() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "butai-worker" : (program.parent_path() / "butai-worker").string();
}

}  // namespace butai::client
