#include "ticketing/hooks/hooks.h"

#include <gmock/gmock.h>

#include <deque>
#include <mutex>   // the database posts from a thread of its own
#include <thread>  // this one waits for it
#include <utility>

#include "ticketing/limits.h"
#include "ticketing/payments/test_books.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

using ::testing::HasSubstr;

// Where the database's thread leaves what the test's thread does.
class Inbox final : public Executor {
 public:
  explicit Inbox(butai::testing::ManualTime& time) : time_(time) {}
  void post(Task task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  TimerHandle after(Micros delay, Task task) override {
    return time_.after(delay, std::move(task));
  }
  bool on_thread() const override { return true; }
  // False: nothing had come.
  bool run() {
    bool any = false;
    for (std::deque<Task> tasks; !(tasks = taken()).empty(); any = true) {
      for (Task& task : tasks) task();
    }
    return any;
  }

 private:
  std::deque<Task> taken() {
    const std::lock_guard lock(mutex_);
    return std::exchange(tasks_, {});
  }
  butai::testing::ManualTime& time_;
  std::mutex mutex_;
  std::deque<Task> tasks_;
};

class HooksOut : public testing::Shop {
 protected:
  void TearDown() override { database.reset(); }  // before the inbox goes
  // Until the database, which has threads of its own, has had nothing to say for a while.
  void settle() {
    for (int quiet = 0; quiet < 10; ++quiet) {
      number("SELECT COUNT(*) FROM hook_event");
      std::this_thread::sleep_for(Millis{1});
      if (inbox.run()) quiet = 0;
    }
  }
  void look_again() {
    time.advance(kLookEvery);
    settle();
  }
  std::unique_ptr<Hooks> make(const std::string& url = "https://theirs.example/hook") {
    auto hooks = std::make_unique<Hooks>(
        HookSettings{url, std::string(32, 's')},
        [this](net::OutgoingRequest request, Executor& home, net::Outgoing::Done done) {
          sent.push_back(std::move(request));
          home.post([answered = status, done = std::move(done)]() mutable {
            done(net::OutgoingAnswer{answered, "", "", 0});
          });
        },
        *database, time, random);
    hooks->start(inbox);
    settle();
    return hooks;
  }
  void say(const std::string& what) {
    work<bool>(
        [&](Work& w) -> Outcome<bool> { return announce(w, what, {{"order", "or_1"}}), true; });
  }
  std::int64_t left() { return number("SELECT COUNT(*) FROM hook_event"); }

  Inbox inbox{time};
  std::vector<net::OutgoingRequest> sent;
  int status = 200;
};
BUTAI_EACH_STORE(HooksOut);

TEST_P(HooksOut, what_is_announced_is_sent_signed_until_it_is_taken) {
  status = 500;
  say("order.paid");
  const auto hooks = make();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_THAT(sent[0].body, HasSubstr("\"type\":\"order.paid\""));
  EXPECT_EQ(sent[0].headers.at(1),
            "Butai-Signature: " + sign_webhook(std::string(32, 's'), sent[0].body, time.utc()));
  look_again();
  EXPECT_EQ(sent.size(), 1u);  // not at once
  status = 204;
  time.advance(kHookAgainFirst);
  settle();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[1].body, sent[0].body);  // the same id
  EXPECT_EQ(left(), 0);
}

TEST_P(HooksOut, plays_are_gathered_and_sent) {
  const auto hooks = make();
  hooks->play_started("ann", "stage", "pf_1");
  hooks->play_started("bob", "stage", "pf_1");
  look_again();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_THAT(sent[0].body, HasSubstr("\"type\":\"play.started\""));
}

TEST_P(HooksOut, three_days_of_refusal_are_enough) {
  status = 500;
  say("order.paid");
  const auto hooks = make();
  for (int hour = 0; hour < 24 * 4 && left() > 0; ++hour) {
    time.advance(kHookAgainMost);
    settle();
  }
  EXPECT_EQ(left(), 0);
  EXPECT_GT(sent.size(), 40u);
}

TEST_P(HooksOut, without_an_address_nothing_is_kept) {
  say("order.paid");
  const auto hooks = make("");
  EXPECT_EQ(left(), 0);
  EXPECT_TRUE(sent.empty());
}

}  // namespace
}  // namespace butai::ticketing
