#include "ticketing/payments/test_webhook.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "access/mac.h"
#include "access/strict_json.h"
#include "ticketing/hash.h"
#include "ticketing/limits.h"
#include "ticketing/payments/json_fields.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

// "t=1800000000,v1=ab…"
std::optional<std::pair<std::int64_t, std::string_view>> parts_of(std::string_view signature) {
  const std::size_t comma = signature.find(",v1=");
  if (!signature.starts_with("t=") || comma == signature.npos) return std::nullopt;
  const std::string_view digits = signature.substr(2, comma - 2);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return std::pair{seconds, signature.substr(comma + 4)};
}

}  // namespace

std::string write_test_webhook(std::string_view id, const PaymentFacts& facts) {
  return json::serialize(json::object{{"id", id},
                                      {"payment",
                                       {{"id", facts.payment},
                                        {"amount", facts.amount.minor},
                                        {"currency", facts.amount.currency},
                                        {"live", facts.live},
                                        {"captured", facts.captured},
                                        {"refunded", facts.refunded},
                                        {"dispute", static_cast<std::int64_t>(facts.dispute)},
                                        {"gone", facts.gone}}}});
}

std::string sign_webhook(std::string_view secret, std::string_view body, Utc now) {
  const std::int64_t seconds = micros_of(now) / 1'000'000;
  return fmt::format("t={},v1={}", seconds,
                     hex_hmac_sha256(secret, fmt::format("{}.{}", seconds, body)));
}

std::expected<WebhookEvent, WebhookFault> read_test_webhook(std::string_view secret,
                                                            std::string_view signature,
                                                            std::string_view body, Utc now) {
  const auto parts = parts_of(signature);
  if (!parts) return std::unexpected(WebhookFault::BadSignature);
  const std::string right = hex_hmac_sha256(secret, fmt::format("{}.{}", parts->first, body));
  if (!access::equal_secrets(as_bytes(right), as_bytes(parts->second))) {
    return std::unexpected(WebhookFault::BadSignature);
  }
  const std::int64_t age = micros_of(now) / 1'000'000 - parts->first;
  if (age > kWebhookAge.count() || age < -kWebhookAge.count()) {
    return std::unexpected(WebhookFault::Stale);
  }
  const auto event = access::parse_object(body);
  const json::value* payment = event ? event->if_contains("payment") : nullptr;
  if (payment == nullptr || !payment->is_object()) {
    return std::unexpected(WebhookFault::Malformed);
  }
  const json::object& object = payment->as_object();
  WebhookEvent read;
  read.id = text_of(*event, "id");
  read.facts.payment = text_of(object, "id");
  read.facts.amount = {number_of(object, "amount"), text_of(object, "currency")};
  read.facts.live = yes_of(object, "live");
  read.facts.captured = number_of(object, "captured");
  read.facts.refunded = number_of(object, "refunded");
  const std::int64_t dispute = number_of(object, "dispute");
  read.facts.gone = yes_of(object, "gone");
  if (read.id.empty() || read.id.size() > kEventIdBytesMax ||
      read.facts.payment.size() > kPaymentIdBytesMax || read.facts.captured < 0 || dispute < 0 ||
      dispute > static_cast<int>(Dispute::Lost)) {
    return std::unexpected(WebhookFault::Malformed);
  }
  read.facts.dispute = static_cast<Dispute>(dispute);
  return read;
}

}  // namespace butai::ticketing
