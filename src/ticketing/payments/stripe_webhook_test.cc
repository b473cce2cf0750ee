#include "ticketing/payments/stripe_webhook.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ticketing/hash.h"
#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

constexpr std::string_view kSecret = "whsec_test";
constexpr std::int64_t kNow = 1'800'000'000;
constexpr Utc now() { return Utc{Seconds{kNow}}; }

std::string v1(std::string_view body, std::int64_t seconds = kNow,
               std::string_view secret = kSecret) {
  return hex_hmac_sha256(secret, fmt::format("{}.{}", seconds, body));
}
std::string header(std::string_view body, std::int64_t seconds = kNow) {
  return fmt::format("t={},v1={}", seconds, v1(body, seconds));
}
auto check(std::string_view text, std::string_view body, std::string_view secret = kSecret) {
  const auto good = check_stripe_signature(secret, text, body, now());
  return good ? std::optional<WebhookFault>() : good.error();
}

TEST(stripe_webhook, S15_a_signature_is_right_for_these_bytes_and_no_others) {
  // Made by npm stripe 23.1.0: generateTestHeaderString({payload: 'a', secret: 'whsec_x', timestamp: 5}).
  EXPECT_TRUE(check_stripe_signature(
      "whsec_x", "t=5,v1=c8095f381b8a29af2f4fcf3ecc3fbfe75065ed2b529a5bab4f7a8c9bc678264f", "a",
      Utc{Seconds{5}}));
  EXPECT_EQ(check(header("{}"), "{}"), std::nullopt);
  EXPECT_EQ(check(header("{}"), "{ }"), WebhookFault::BadSignature);
  EXPECT_EQ(check(header("{}"), "{}", "whsec_other"), WebhookFault::BadSignature);
}

TEST(stripe_webhook, S15_without_a_secret_nothing_is_right) {
  EXPECT_EQ(check(fmt::format("t={},v1={}", kNow, v1("{}", kNow, "")), "{}", ""),
            WebhookFault::BadSignature);
}

TEST(stripe_webhook, S15_three_hundred_seconds_both_ways) {
  EXPECT_EQ(check(header("{}", kNow - 300), "{}"), std::nullopt);
  EXPECT_EQ(check(header("{}", kNow + 300), "{}"), std::nullopt);
  EXPECT_EQ(check(header("{}", kNow - 301), "{}"), WebhookFault::Stale);
  EXPECT_EQ(check(header("{}", kNow + 301), "{}"), WebhookFault::Stale);
}

TEST(stripe_webhook, one_of_several_signatures_is_enough_and_other_schemes_are_ignored) {
  const std::string wrong(64, '0');
  EXPECT_EQ(check(fmt::format("t={},v1={},v1={},v0={}", kNow, wrong, v1("{}"), wrong), "{}"),
            std::nullopt);
  EXPECT_EQ(check(fmt::format("t={},v0={}", kNow, v1("{}")), "{}"), WebhookFault::BadSignature);
}

TEST(stripe_webhook, S15_a_header_that_is_none_is_refused) {
  const std::string right = v1("{}");
  for (const std::string& text :
       {std::string(), std::string("t="), "v1=" + right, fmt::format("t=,v1={}", right),
        fmt::format("t=-1,v1={}", right), fmt::format("t=99999999999999999999,v1={}", right),
        fmt::format("t={0},t={0},v1={1}", kNow, right), fmt::format("t={}x,v1={}", kNow, right),
        fmt::format("t={},v1={}", kNow, right.substr(1)),
        fmt::format("t={},v1={}{}", kNow, right, std::string(3000, ','))}) {
    EXPECT_EQ(check(text, "{}"), WebhookFault::BadSignature) << text.substr(0, 80);
  }
}

std::string event(std::string_view type, std::string_view object, std::string_view more = "") {
  return fmt::format(
      R"({{"id":"evt_1","object":"event","type":"{}","livemode":false,{}"data":{{"object":{}}}}})",
      type, more, object);
}
constexpr std::string_view kIntent =
    R"({"id":"pi_1","object":"payment_intent","amount":3300,"amount_received":3300,"currency":"jpy",)"
    R"("livemode":false,"status":"succeeded","client_secret":"pi_1_secret",)"
    R"("metadata":{"payment":"py_1","order":"or_1"}})";

TEST(stripe_webhook, an_intent_that_succeeded_says_all_of_it) {
  const auto read = read_stripe_event(event("payment_intent.succeeded", kIntent));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, "evt_1");
  EXPECT_EQ(read->facts.payment, "py_1");
  EXPECT_EQ(read->facts.order, "or_1");
  EXPECT_EQ(read->facts.reference, "pi_1");
  EXPECT_EQ(read->facts.amount, (Money{3300, "JPY"}));
  EXPECT_EQ(read->facts.captured, 3300);
  EXPECT_EQ(read->facts.url, "/orders/or_1/pay");
}

TEST(stripe_webhook, a_store_is_named_with_its_number_and_deadline) {
  const auto read = read_stripe_event(event(
      "payment_intent.requires_action",
      R"({"id":"pi_1","object":"payment_intent","amount":3300,"amount_received":0,"currency":"jpy",)"
      R"("livemode":false,"status":"requires_action","metadata":{"payment":"py_1","order":"or_1"},)"
      R"("next_action":{"type":"konbini_display_details","konbini_display_details":{)"
      R"("expires_at":1800200000,"hosted_voucher_url":"https://payments.example/v","stores":{)"
      R"("lawson":{"payment_code":"12345","confirmation_number":"0312345678"},)"
      R"("familymart":{"payment_code":"67890"}}}}})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->facts.captured, 0);
  EXPECT_EQ(read->facts.number, "FamilyMart 67890\nLawson 12345 / 0312345678");
  EXPECT_EQ(read->facts.store_deadline, Utc{Seconds{1'800'200'000}});
  EXPECT_EQ(read->facts.url, "https://payments.example/v");
}

TEST(stripe_webhook, a_dispute_names_the_intent_and_an_inquiry_is_none_yet) {
  const auto dispute = [](std::string_view status) {
    return read_stripe_event(
        event("charge.dispute.created",
              fmt::format(R"({{"id":"dp_1","object":"dispute","amount":3300,"currency":"jpy",)"
                          R"("livemode":false,"payment_intent":"pi_1","status":"{}"}})",
                          status)));
  };
  ASSERT_TRUE(dispute("needs_response"));
  EXPECT_EQ(dispute("needs_response")->facts.dispute, Dispute::Open);
  EXPECT_FALSE(dispute("needs_response")->facts.whole);
  EXPECT_EQ(dispute("won")->facts.dispute, Dispute::Won);
  EXPECT_EQ(dispute("warning_needs_response").error(), WebhookFault::NotForUs);
}

TEST(stripe_webhook, a_refund_is_told_of_when_it_failed) {
  const auto refund = [](std::string_view type, std::string_view status) {
    return read_stripe_event(
        event(type, fmt::format(R"({{"id":"re_1","object":"refund","amount":3300,"currency":"jpy",)"
                                R"("payment_intent":"pi_1","charge":"ch_1","status":"{}"}})",
                                status)));
  };
  for (const std::string_view type : {"refund.failed", "refund.updated", "charge.refund.updated"}) {
    const auto read = refund(type, "failed");
    ASSERT_TRUE(read) << type;
    EXPECT_EQ(read->facts.reference, "pi_1");
    ASSERT_EQ(read->facts.refund_failures.size(), 1u);
    EXPECT_EQ(read->facts.refund_failures[0].id, "re_1");
    EXPECT_EQ(read->facts.refund_failures[0].amount, 3300);
  }
  EXPECT_EQ(refund("refund.created", "succeeded").error(), WebhookFault::NotForUs);
  EXPECT_EQ(refund("refund.updated", "pending").error(), WebhookFault::NotForUs);
  EXPECT_EQ(read_stripe_event(event("refund.failed", R"({"object":"refund"})")).error(),
            WebhookFault::Malformed);
}

TEST(stripe_webhook, what_is_nothing_to_us_is_not_taken) {
  EXPECT_EQ(read_stripe_event(event("customer.created", "{}")).error(), WebhookFault::NotForUs);
  // Another shop's intent in the same account.
  EXPECT_EQ(read_stripe_event(event("payment_intent.succeeded",
                                    R"({"id":"pi_2","object":"payment_intent","amount":1,)"
                                    R"("amount_received":1,"currency":"jpy","livemode":false,)"
                                    R"("status":"succeeded","metadata":{}})"))
                .error(),
            WebhookFault::NotForUs);
}

TEST(stripe_webhook, S16_the_connected_account_and_the_mode_are_read) {
  const auto other = read_stripe_event(
      event("payment_intent.succeeded", kIntent, R"("account":"acct_somebody",)"));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->facts.account, "acct_somebody");
  std::string mixed = event("payment_intent.succeeded", kIntent);
  mixed.replace(mixed.find("\"livemode\":false"), 16, "\"livemode\":true");
  EXPECT_EQ(read_stripe_event(mixed).error(), WebhookFault::Malformed);
}

TEST(stripe_webhook, what_is_no_event_is_malformed) {
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"object":"event"})"),
        event("payment_intent.succeeded", R"({"object":"payment_intent"})"),
        event("payment_intent.succeeded", "{}"), event("charge.refunded", kIntent),
        std::string(kWebhookBytesMax + 1, ' ')}) {
    EXPECT_EQ(read_stripe_event(body).error(), WebhookFault::Malformed) << body.substr(0, 80);
  }
}

}  // namespace
}  // namespace butai::ticketing
