#include "client/watch.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "client/interrupts.h"
#include "client/seen.h"
#include "client/status_line.h"
#include "client/watcher.h"

namespace butai::client {

int watch(const WatchOptions& options) {
  Seen seen;
  Micros lasted{0};
  {
    StatusLine status(stderr);
    auto target = watch_target(options.url, options.channel, options.format);
    if (!target) {
      status.say(target.error().sentence);
      return 2;
    }
    net::Loop loop(0);
    const SystemClock clock;
    SystemRandom random;
    Watcher watcher(loop, clock, random, options, std::move(*target), status, [&] { loop.stop(); });
    const Interrupts interrupts(loop, [&] { watcher.stop(); });
    loop.post([&] { watcher.start(); });
    loop.run();
    seen = watcher.seen();
    lasted = watcher.lasted();
  }
  options.json ? fmt::print("{}\n", to_json(seen, lasted)) : fmt::print("{}", to_table(seen, lasted));
  std::fflush(stdout);
  return seen.frames + seen.sounds > 0 ? 0 : 1;
}

}  // namespace butai::client
