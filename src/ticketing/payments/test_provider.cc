#include "ticketing/payments/test_provider.h"

namespace butai::ticketing {
namespace {

constexpr Millis kSendEvery{200};

}  // namespace

TestProvider::TestProvider(std::unique_ptr<store::Database> books, std::string secret,
                           const Clock& clock, Random& random)
    : books_(std::move(books)), secret_(std::move(secret)), clock_(clock), random_(random) {}

void TestProvider::call(const Call& call, Executor& home,
                        std::move_only_function<void(Answer)> done) {
  act<Answer>(
      home, [call](Work& work) { return answer(work, call); },
      [done = std::move(done)](std::optional<Answer> told) mutable {
        done(told ? std::move(*told) : std::unexpected(CallFault::Unknown));
      });
}

std::expected<WebhookEvent, WebhookFault> TestProvider::read_webhook(std::string_view signature,
                                                                     std::string_view body,
                                                                     Utc now) const {
  return read_test_webhook(secret_, signature, body, now);
}

void TestProvider::start(Executor& home, OnWebhook on_webhook) {
  home_ = &home;
  on_webhook_ = std::move(on_webhook);
  send_due();
}

void TestProvider::send_due() {
  act<std::vector<SentEvent>>(
      *home_, [](Work& work) { return events_due(work); },
      [this](std::optional<std::vector<SentEvent>> due) {
        for (SentEvent& event : due.value_or(std::vector<SentEvent>{})) {
          const std::string_view secret =
              event.forged ? "not the secret" : std::string_view(secret_);
          std::string signature = sign_webhook(secret, event.body, clock_.utc());
          on_webhook_(std::move(signature), std::move(event.body));
        }
        timer_ = home_->after(kSendEvery, [this] { send_due(); });
      });
}

}  // namespace butai::ticketing
