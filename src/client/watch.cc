#include "client/watch.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "base/status_line.h"
#include "client/interrupts.h"
#include "client/seen.h"
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
  const bool media_seen = seen.frames + seen.sounds > 0;
  if (options.json) {
    fmt::print("{}\n", to_json(seen, lasted));
  } else if (media_seen) {
    fmt::print("{}", to_table(seen, lasted));
  } else {
    fmt::print(stderr, "nothing was seen in {:.1f} s\n", static_cast<double>(lasted.count()) / 1e6);
  }
  std::fflush(stdout);
  const std::string why = locked_out(seen);
  if (!why.empty()) fmt::print(stderr, "{}\n", why);
  return !media_seen ? 1 : why.empty() ? 0 : 3;
}

}  // namespace butai::client
