// What stands around the sale in the house, for tests of those who work by a timer: a stage that notes what
// it is told, a provider that is never asked, an executor that counts who went to sleep.
// Thread: the test's.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/database.h"
#include "store/testing/thread_executor.h"
#include "ticketing/catalog/stage.h"
#include "ticketing/payments/provider.h"

namespace butai::ticketing::testing {

// A stage that notes what it is told, and answers when the test lets it.
class FakeStage final : public Stage {
 public:
  void open(const std::string& channel) override { heard += "open " + channel + "; "; }
  void end(const std::string& channel) override { heard += "end " + channel + "; "; }
  void purge(const std::string& channel, Executor& home,
             std::move_only_function<void(Purged)> done) override {
    heard += "purge " + channel + "; ";
    home.post([done = std::move(done)]() mutable { done({12, 3456}); });
  }
  std::vector<DestroyedKey> destroy_keys(store::Sql&, const std::string&) override {
    if (std::exchange(fails, false)) throw store::Undo{};
    return {{"11111111-2222-3333-4444-555555555555", true},
            {"66666666-7777-8888-9999-000000000000", false}};
  }
  void forget_keys(const std::string& channel) override { heard += "forget " + channel + "; "; }
  void find_dark(std::vector<std::string>, Executor& home,
                 std::move_only_function<void(std::vector<std::string>)> done) override {
    home.post([done = std::move(done), found = dark]() mutable { done(std::move(found)); });
  }

  std::string heard;
  std::vector<std::string> dark;
  bool fails = false;
};

class NoProvider final : public Provider {
 public:
  std::string_view name() const override { return "none"; }
  std::string_view signature_header() const override { return "None"; }
  bool live() const override { return false; }
  void call(const Call&, Executor&, std::move_only_function<void(Answer)>) override {}
  std::expected<WebhookEvent, WebhookFault> read_webhook(std::string_view, std::string_view,
                                                         Utc) const override {
    return std::unexpected(WebhookFault::Malformed);
  }
};

// Counts how often somebody went to sleep.
struct Home final : Executor {
  void post(Task task) override { executor.post(std::move(task)); }
  TimerHandle after(Micros delay, Task task) override {
    ++timers;
    return executor.after(delay, std::move(task));
  }
  bool on_thread() const override { return true; }
  store::testing::ThreadExecutor executor;
  std::size_t timers = 0;
};

}  // namespace butai::ticketing::testing
