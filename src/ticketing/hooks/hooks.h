// What the producer's own programs are told: signed webhooks of ours to one address of theirs.
//   order.paid     written in the transaction that gave the tickets
//   order.refund_failed   likewise, when a refund was sent back to us
//   play.started   gathered in memory and written each second: a crash may lose the last second of them
// Each has an id, and is sent until somebody answers 2xx, later and later, for kHookFor: at least once.
// Signed as Stripe signs: Butai-Signature: t=UNIX,v1=HMAC-SHA256(secret, "UNIX.BODY").
// Flow:   grant() -> announce() -> rows; SeatsDesk -> play_started() -> rows; timer -> send_due() -> them
// Thread: play_started() from any; the rest on the executor of start().
// Limits: kHooksAtOnce, kHookAgainFirst/Most, kHookFor, kPlaysWaitingMax.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <mutex>  // plays start on every loop
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "net/outgoing.h"
#include "store/database.h"
#include "ticketing/work.h"

namespace butai::ticketing {

// One row, inside the caller's transaction.
void announce(Work& work, std::string_view type, boost::json::object data);

struct HookSettings {
  std::string url;  // empty: nobody is told
  std::string secret;
};
Expected<void> check_hook_settings(const HookSettings& settings);

class Hooks {
 public:
  using Send = std::function<void(net::OutgoingRequest, Executor&, net::Outgoing::Done)>;
  Hooks(HookSettings settings, Send send, store::Database& database, const Clock& clock,
        Random& random)
      : settings_(std::move(settings)),
        send_(std::move(send)),
        database_(database),
        clock_(clock),
        random_(random) {}

  void play_started(std::string_view account, std::string_view channel,
                    std::string_view performance);
  void start(Executor& home);

 private:
  struct Due {
    std::string id, body;
    std::int64_t tries = 0;
    Utc created;
  };
  void look();
  void send(Due due);
  void told(const Due& due, bool taken);
  std::vector<Due> due_in(Work& work, const std::vector<boost::json::object>& plays);
  template <class T>
  void run(std::move_only_function<T(Work&)> act, std::move_only_function<void(T)> done);

  HookSettings settings_;
  Send send_;
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  Executor* home_ = nullptr;
  TimerHandle timer_;
  std::mutex mutex_;
  std::vector<boost::json::object> plays_;  // under the mutex
};

}  // namespace butai::ticketing
