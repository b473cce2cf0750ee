// Stripe as a provider, against answers that are written here one after another.
#include "ticketing/payments/stripe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/testing/manual_time.h"

namespace butai::ticketing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOpen =
    R"({"id":"pi_1","object":"payment_intent","amount":3300,"amount_received":0,"currency":"jpy",)"
    R"("livemode":false,"status":"requires_payment_method","client_secret":"pi_1_secret",)"
    R"("metadata":{"payment":"py_1","order":"or_1"}})";
std::string paid(std::int64_t refunded = 0, std::string_view disputed = "false") {
  return R"({"id":"pi_1","object":"payment_intent","amount":3300,"amount_received":3300,)"
         R"("currency":"jpy","livemode":false,"status":"succeeded","client_secret":"pi_1_secret",)"
         R"("metadata":{"payment":"py_1","order":"or_1"},"latest_charge":{"object":"charge",)"
         R"("amount_refunded":)" +
         std::to_string(refunded) + R"(,"billing_details":{"email":"ann@example.org"},)" +
         R"("disputed":)" + std::string(disputed) + "}}";
}

class StripeCalls : public ::testing::Test {
 protected:
  // What Stripe says next; nothing: it does not answer.
  void say(int status, std::string_view body) {
    answers_.push_back(net::OutgoingAnswer{status, "application/json", std::string(body), 0});
  }
  void say_nothing() { answers_.push_back(problem("Timeout was reached")); }

  Answer call(Call::Kind kind, const std::string& reference = "pi_1",
              const std::string& method = "card") {
    Call call{.kind = kind,
              .key = kind == Call::Kind::Ask ? "" : std::string(name_of(kind)) + " py_1",
              .payment = "py_1",
              .order = "or_1",
              .method = method,
              .amount = {3300, "JPY"},
              .pay_until = Utc{Seconds{1'800'100'000}},
              .reference = reference};
    std::optional<Answer> told;
    stripe_.call(call, time_, [&told](Answer answer) { told = std::move(answer); });
    time_.run();
    EXPECT_TRUE(told);
    return *told;
  }

  butai::testing::ManualTime time_;
  std::deque<Expected<net::OutgoingAnswer>> answers_;
  std::vector<net::OutgoingRequest> asked_;
  Stripe stripe_{{.secret_key = "sk_test_1",
                  .publishable_key = "pk_test_1",
                  .webhook_secret = "whsec_1",
                  .api_base = "https://api.example",
                  .js_url = "https://js.example/v3/"},
                 [this](net::OutgoingRequest request, Executor& home, net::Outgoing::Done done) {
                   asked_.push_back(std::move(request));
                   auto answer = std::move(answers_.front());
                   answers_.pop_front();
                   home.post([answer = std::move(answer), done = std::move(done)]() mutable {
                     done(std::move(answer));
                   });
                 }};
};

TEST_F(StripeCalls, a_card_intent_is_created_under_its_key) {
  say(200, kOpen);
  const Answer told = call(Call::Kind::Create, "");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->reference, "pi_1");
  EXPECT_EQ(told->secret, "pi_1_secret");
  EXPECT_EQ(asked_.at(0).url, "https://api.example/v1/payment_intents");
  EXPECT_THAT(asked_.at(0).body,
              HasSubstr("amount=3300&currency=jpy&description=or_1&metadata[payment]=py_1"));
  EXPECT_THAT(asked_.at(0).body, HasSubstr("automatic_payment_methods[enabled]=true"));
  EXPECT_THAT(asked_.at(0).headers, Contains("Idempotency-Key: create py_1"));
  EXPECT_THAT(asked_.at(0).headers, Contains("Authorization: Bearer sk_test_1"));
}

TEST_F(StripeCalls, a_store_intent_ends_when_the_order_does) {
  say(200, kOpen);
  ASSERT_TRUE(call(Call::Kind::Create, "", "konbini"));
  EXPECT_THAT(asked_.at(0).body,
              HasSubstr("payment_method_options[konbini][expires_at]=1800100000"));
  EXPECT_THAT(asked_.at(0).body, Not(HasSubstr("automatic")));
}

TEST_F(StripeCalls, only_what_stripe_did_not_do_is_a_refusal) {
  for (const int status : {400, 402, 404}) {
    say(status, R"({"error":{"type":"invalid_request_error"}})");
    EXPECT_EQ(call(Call::Kind::Create, "").error(), CallFault::Refused) << status;
  }
  for (const int status : {200, 301, 401, 403, 409, 429, 500, 502, 503}) {
    say(status, status == 200 ? "<html>" : "{}");
    EXPECT_EQ(call(Call::Kind::Create, "").error(), CallFault::Unknown) << status;
  }
  say_nothing();
  EXPECT_EQ(call(Call::Kind::Create, "").error(), CallFault::Unknown);
}

TEST_F(StripeCalls, before_its_name_is_known_a_payment_is_found_by_ours) {
  say(200, R"({"object":"search_result","data":[)" + paid() + "]}");
  const Answer told = call(Call::Kind::Ask, "");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->captured, 3300);
  EXPECT_THAT(asked_.at(0).url, HasSubstr("search?query=metadata%5B%27payment%27%5D%3A%27py_1%27"));
  EXPECT_EQ(asked_.at(0).verb, net::OutgoingRequest::Verb::Get);
  say(200, R"({"object":"search_result","data":[]})");
  EXPECT_EQ(call(Call::Kind::Ask, "").error(), CallFault::Unknown);
}

TEST_F(StripeCalls, what_became_of_a_dispute_is_asked_for) {
  say(200, paid(0, "true"));
  say(200,
      R"({"data":[{"object":"dispute","status":"won"},{"object":"dispute","status":"lost"}]})");
  EXPECT_EQ(call(Call::Kind::Ask)->dispute, Dispute::Lost);
  say(200, paid(0, "true"));
  say_nothing();
  EXPECT_EQ(call(Call::Kind::Ask).error(), CallFault::Unknown);
}

TEST_F(StripeCalls, a_refund_is_believed_when_the_charge_says_so) {
  say(200, paid());
  say(200, R"({"object":"refund"})");
  say(200, paid(3300));
  const Answer told = call(Call::Kind::Refund);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->refunded, 3300);
  EXPECT_EQ(asked_.at(1).body, "payment_intent=pi_1&amount=3300&metadata[payment]=py_1");
  EXPECT_THAT(asked_.at(1).headers, Contains("Idempotency-Key: refund py_1"));
}

TEST_F(StripeCalls, a_refund_that_was_done_is_not_asked_for_again) {
  say(200, paid(3300));
  EXPECT_EQ(call(Call::Kind::Refund)->refunded, 3300);
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(StripeCalls, a_refund_after_one_that_failed_is_another) {
  const auto with = [](std::string_view refunds) {
    std::string text = paid();
    const std::string_view before = R"("disputed":)";
    text.insert(text.find(before),
                R"("refunds":{"object":"list","data":[)" + std::string(refunds) + "]},");
    return text;
  };
  const std::string_view failed =
      R"({"id":"re_1","object":"refund","amount":3300,"status":"failed"})";
  const std::string second =
      R"(,{"id":"re_2","object":"refund","amount":3300,"status":"succeeded"})";
  say(200, with(failed));
  const Answer told = call(Call::Kind::Ask);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->refunded, 3300);
  ASSERT_EQ(told->refund_failures.size(), 1u);
  EXPECT_EQ(told->refund_failures[0].id, "re_1");
  say(200, with(failed));
  say(200, R"({"object":"refund"})");
  say(200, with(std::string(failed) + second));
  const Answer again = call(Call::Kind::Refund);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->refunded, 6600);
  say(200, with(std::string(failed) + second));
  EXPECT_EQ(call(Call::Kind::Refund)->refunded, 6600);
  EXPECT_EQ(asked_.size(), 5u);  // nothing was sent the last time
}

TEST_F(StripeCalls, a_refund_that_stripe_refuses_is_refused) {
  say(200, paid());
  say(400, R"({"error":{"code":"charge_disputed"}})");
  say(200, paid());
  EXPECT_EQ(call(Call::Kind::Refund).error(), CallFault::Refused);
}

TEST_F(StripeCalls, a_stores_refund_asks_the_buyer_by_mail) {
  say(200, paid());
  say(200, R"({"object":"refund"})");
  say(200, paid(3300));
  ASSERT_TRUE(call(Call::Kind::Refund, "pi_1", "konbini"));
  EXPECT_THAT(asked_.at(1).body, HasSubstr("&instructions_email=ann%40example.org"));
}

TEST_F(StripeCalls, cancelling_what_is_paid_meanwhile_tells_that_it_is_paid) {
  say(400, R"({"error":{"code":"payment_intent_unexpected_state"}})");
  say(200, paid());
  EXPECT_EQ(call(Call::Kind::Cancel)->captured, 3300);
  // The bank still thinks: nothing is over.
  say(400, R"({"error":{"code":"payment_intent_unexpected_state"}})");
  say(200, kOpen);
  EXPECT_EQ(call(Call::Kind::Cancel).error(), CallFault::Unknown);
  EXPECT_THAT(asked_.at(0).headers, Not(Contains(HasSubstr("Idempotency-Key"))));
}

TEST(stripe_settings, keys_are_of_one_mode_and_all_there) {
  const StripeSettings good{.secret_key = "rk_live_1",
                            .publishable_key = "pk_live_1",
                            .webhook_secret = "whsec_1",
                            .api_base = "https://api.stripe.com",
                            .js_url = "https://js.stripe.com/v3/"};
  EXPECT_TRUE(check_stripe_settings(good));
  const auto wrong = [&good](auto change) {
    StripeSettings bad = good;
    change(bad);
    const auto checked = check_stripe_settings(bad);
    return checked ? "" : checked.error().sentence;
  };
  EXPECT_THAT(wrong([](auto& s) { s.secret_key = "pk_live_1"; }), HasSubstr("secret_key"));
  EXPECT_THAT(wrong([](auto& s) { s.publishable_key = "pk_test_1"; }), HasSubstr("real money"));
  EXPECT_THAT(wrong([](auto& s) { s.webhook_secret = ""; }), HasSubstr("whsec_"));
  EXPECT_THAT(wrong([](auto& s) { s.api_base = "http://api.stripe.com"; }), HasSubstr("https"));
}

}  // namespace
}  // namespace butai::ticketing
