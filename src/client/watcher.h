// A running `butai watch`: gets an address, keeps a connection, and counts over all of them.
// Flow:   Watcher -> Downlink (one per connection) -> Seen
// Thread: one loop.
// Limits: client/limits.h (back-off, status interval).
//
// 1. An https address becomes a play, whose answer names the WebSocket, and where licenses are; beside a
//    WebSocket's own address they are where its server has them.
// 2. A connection that ends for a while is made again, from the newest frame on (&after=); one that
//    was told `moved` goes where it was sent. What will not change ends the run.
#pragma once

#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/status_line.h"
#include "client/backoff.h"
#include "client/downlink.h"
#include "client/endpoint.h"
#include "client/license_asker.h"
#include "client/opener.h"
#include "client/seen.h"
#include "client/token_source.h"
#include "client/verdict.h"
#include "client/watch.h"
#include "net/client.h"
#include "net/loop.h"

namespace butai::client {

class Watcher {
 public:
  Watcher(net::Loop& loop, const Clock& clock, Random& random, WatchOptions options,
          WatchTarget target, StatusLine& status, std::function<void()> over);

  void start();
  void stop();
  const Seen& seen() const { return seen_; }
  Micros lasted() const;  // since start()

 private:
  void ask_for_play();
  void take_play(const Expected<net::ClientResponse>& answer);
  void connect();
  void take_ending(const Ending& ending);
  void decide(const Verdict& verdict);
  void move_to(const std::string& url, Millis within);
  void watch_token();
  void show_status();
  void finish();
  net::ClientOptions client_options();
  net::ClientOptions socket_options();
  std::string address() const;

  net::Loop& loop_;
  const Clock& clock_;
  Random& random_;
  const WatchOptions options_;
  WatchTarget target_;
  StatusLine& status_;
  std::function<void()> over_;
  TokenSource token_;
  Backoff backoff_;
  Seen seen_;
  Opener opener_{seen_};
  LicenseAsker licenses_;
  std::ofstream save_;
  std::shared_ptr<Downlink> downlink_;
  std::optional<Utc> after_;  // where the next connection goes on
  TimerHandle retry_, token_timer_, status_timer_, end_timer_, move_timer_;
  Steady began_{}, connecting_at_{}, connected_at_{}, shown_at_{};
  std::uint64_t shown_bytes_ = 0;
  bool stopping_ = false;
};

}  // namespace butai::client
