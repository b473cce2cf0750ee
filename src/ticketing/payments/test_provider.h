// The built-in test provider: books of its own in a database of its own, cards that choose what goes
// wrong, webhooks signed with its own secret. It moves no money.
// Flow:   Cashier -> call() -> books; card page -> pay() -> books -> webhook -> Cashier
// Thread: methods from any loop; its database has a thread of its own. on_webhook is called on `home`
//         of start(), where its timer lives too.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "store/database.h"
#include "ticketing/payments/test_books.h"

namespace butai::ticketing {

class TestProvider final : public Provider {
 public:
  static constexpr std::string_view kName = "test";

  TestProvider(std::unique_ptr<store::Database> books, std::string secret, const Clock& clock,
               Random& random);

  std::string_view name() const override { return kName; }
  std::string_view signature_header() const override { return "Butai-Signature"; }
  bool live() const override { return false; }
  void call(const Call& call, Executor& home, std::move_only_function<void(Answer)> done) override;
  std::expected<WebhookEvent, WebhookFault> read_webhook(std::string_view signature,
                                                         std::string_view body,
                                                         Utc now) const override;

  // Webhooks leave from now on; on `home`'s thread.
  using OnWebhook = std::function<void(std::string signature, std::string body)>;
  void start(Executor& home, OnWebhook on_webhook);

  // What a page of the provider does. Nothing: the books could not be read.
  template <class T>
  void act(Executor& home, std::move_only_function<T(Work&)> act,
           std::move_only_function<void(std::optional<T>)> done) {
    books_->run<T>(
        home,
        [this, act = std::move(act)](store::Session& session) mutable {
          store::Sql sql(session);
          Work work{sql, clock_.utc(), random_};
          return act(work);
        },
        [done = std::move(done)](std::expected<T, store::Failure> result) mutable {
          done(result ? std::optional<T>(std::move(*result)) : std::nullopt);
        });
  }

 private:
  void send_due();

  std::unique_ptr<store::Database> books_;
  std::string secret_;
  const Clock& clock_;
  Random& random_;
  Executor* home_ = nullptr;
  OnWebhook on_webhook_;
  TimerHandle timer_;
};

}  // namespace butai::ticketing
