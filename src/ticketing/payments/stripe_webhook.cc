#include "ticketing/payments/stripe_webhook.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <vector>

#include "access/mac.h"
#include "access/strict_json.h"
#include "net/text.h"
#include "ticketing/hash.h"
#include "ticketing/limits.h"
#include "ticketing/payments/json_fields.h"
#include "ticketing/payments/stripe_objects.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

struct Signature {
  std::uint64_t seconds = 0;
  std::string_view digits;  // of the time, as they were signed
  std::vector<std::string_view> v1;
};

std::optional<Signature> signature_of(std::string_view header) {
  if (header.size() > kSignatureBytesMax) return std::nullopt;
  Signature signature;
  for (const std::string_view part : net::list_members(header)) {
    if (part.starts_with("t=")) {
      if (!signature.digits.empty()) return std::nullopt;  // of two times, which was signed?
      signature.digits = part.substr(2);
    } else if (part.starts_with("v1=")) {
      signature.v1.push_back(part.substr(3));
    }
  }
  const auto seconds = net::number_of(signature.digits);
  constexpr std::uint64_t kLastYear = 253'402'300'799;  // 9999
  if (!seconds || *seconds > kLastYear || signature.v1.empty()) return std::nullopt;
  signature.seconds = *seconds;
  return signature;
}

bool tells_of_refund(std::string_view type) {
  return type.starts_with("refund.") || type == "charge.refund.updated";
}

std::optional<PaymentFacts> facts_in(std::string_view type, const json::object& object) {
  if (type.starts_with("payment_intent.")) return facts_of_intent(object);
  if (type == "charge.refunded") return facts_of_charge(object);
  if (tells_of_refund(type)) return facts_of_refund(object);
  return facts_of_dispute(object);
}

bool tells_of_money(std::string_view type) {
  return type.starts_with("payment_intent.") || type == "charge.refunded" ||
         type.starts_with("charge.dispute.") || tells_of_refund(type);
}

}  // namespace

std::expected<void, WebhookFault> check_stripe_signature(std::string_view secret,
                                                         std::string_view header,
                                                         std::string_view body, Utc now) {
  const auto signature = signature_of(header);
  if (secret.empty() || !signature) return std::unexpected(WebhookFault::BadSignature);
  const std::string right = hex_hmac_sha256(secret, fmt::format("{}.{}", signature->digits, body));
  bool good = false;
  for (const std::string_view one : signature->v1) {
    good = access::equal_secrets(as_bytes(right), as_bytes(one)) || good;
  }
  if (!good) return std::unexpected(WebhookFault::BadSignature);
  const Utc signed_at{Seconds{static_cast<std::int64_t>(signature->seconds)}};
  if (signed_at < now - kWebhookAge || signed_at > now + kWebhookAge) {
    return std::unexpected(WebhookFault::Stale);
  }
  return {};
}

std::expected<WebhookEvent, WebhookFault> read_stripe_event(std::string_view body) {
  const auto malformed = std::unexpected(WebhookFault::Malformed);
  if (body.size() > kWebhookBytesMax) return malformed;
  const auto event = access::parse_object(body, kWebhookJsonDepthMax);
  if (!event || text_of(*event, "object") != "event") return malformed;
  WebhookEvent read;
  read.id = text_of(*event, "id");
  const std::string type = text_of(*event, "type");
  const json::object* data = object_of(*event, "data");
  const json::object* object = data == nullptr ? nullptr : object_of(*data, "object");
  if (read.id.empty() || read.id.size() > kEventIdBytesMax || type.empty() || object == nullptr) {
    return malformed;
  }
  if (!tells_of_money(type)) return std::unexpected(WebhookFault::NotForUs);
  auto facts = facts_in(type, *object);
  if (!facts) return malformed;
  // Others may sell with the same account; and an inquiry is not yet a dispute.
  const bool ours = facts->whole
                        ? !facts->payment.empty()
                        : facts->dispute != Dispute::None || !facts->refund_failures.empty();
  if (!ours) return std::unexpected(WebhookFault::NotForUs);
  facts->account = text_of(*event, "account");
  // The event and what it tells of are of one mode; when they differ, it is neither.
  const bool live = yes_of(*event, "livemode");
  if (tells_of_refund(type)) facts->live = live;
  if (live != facts->live) return malformed;
  read.facts = std::move(*facts);
  return read;
}

}  // namespace butai::ticketing
