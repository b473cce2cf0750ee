// Stripe moves the money: PaymentIntents, paid by the buyer's browser through Stripe's own script.
//   Create  a card intent takes what the account has switched on; a konbini intent takes that alone
//   Cancel  needs no key: what is cancelled stays so, and a refusal must not be kept for a day
//   Refund  looks first, asks, looks again: what the intent says then is the answer
//   Ask     by the intent's name, or before we know it by ours
// A refusal is believed only where Stripe says that nothing was done (400, 402, 404); silence, 409, 429,
// 5xx and a key it does not take leave the outcome unknown, and the same key goes out again.
// Flow:   BoxOffice -> call() -> net::Outgoing -> Stripe; /webhooks/stripe -> read_webhook()
// Thread: call() from any; answers come to `home`. Plain values otherwise.
// Limits: kStripeAnswerMax, the webhook's in limits.h.
// Spec:   docs.stripe.com/api, version kStripeVersion.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/problem.h"
#include "net/outgoing.h"
#include "ticketing/payments/provider.h"

namespace butai::ticketing {

struct StripeSettings {
  std::string secret_key;  // sk_… or rk_…; empty: Stripe is not used
  std::string publishable_key;
  std::string webhook_secret;
  std::string api_base;
  std::string js_url;
};
// All three keys are there, of one mode, and the addresses may be used.
Expected<void> check_stripe_settings(const StripeSettings& settings);
bool is_live_key(std::string_view key);

class Stripe final : public Provider {
 public:
  // net::Outgoing::send in the house, Stripe's answers in a test.
  using Send = std::function<void(net::OutgoingRequest, Executor&, net::Outgoing::Done)>;
  Stripe(StripeSettings settings, Send send)
      : settings_(std::move(settings)), send_(std::move(send)) {}

  std::string_view name() const override { return "stripe"; }
  std::string_view signature_header() const override { return "Stripe-Signature"; }
  bool live() const override { return is_live_key(settings_.secret_key); }
  void call(const Call& call, Executor& home, std::move_only_function<void(Answer)> done) override;
  std::expected<WebhookEvent, WebhookFault> read_webhook(std::string_view signature,
                                                         std::string_view body,
                                                         Utc now) const override;

 private:
  struct Reply;
  using Done = std::move_only_function<void(Answer)>;
  using OnReply = std::move_only_function<void(Reply)>;
  using Form = std::vector<std::pair<std::string, std::string>>;

  void create(const Call& call, Executor& home, Done done);
  void cancel(const Call& call, Executor& home, Done done);
  void refund(const Call& call, Executor& home, Done done);
  void look(const Call& call, Executor& home, OnReply done);
  void ask(const Call& call, Executor& home, Done done);
  void answer(Reply reply, Executor& home, Done done);

  void post(const std::string& path, const Form& form, const std::string& key, Executor& home,
            OnReply done);
  void get(const std::string& path, Executor& home, OnReply done);
  void send(net::OutgoingRequest request, Executor& home, OnReply done);

  StripeSettings settings_;
  Send send_;
};

}  // namespace butai::ticketing
