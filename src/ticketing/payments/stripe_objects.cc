#include "ticketing/payments/stripe_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "ticketing/limits.h"
#include "ticketing/payments/json_fields.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

// "jpy" as "JPY"; empty for what is no currency.
std::string currency_of(const json::object& object) {
  std::string code = text_of(object, "currency");
  const bool letters =
      code.size() == 3 && std::ranges::all_of(code, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!letters) return "";
  for (char& c : code) c = static_cast<char>(c - 'a' + 'A');
  return code;
}

// Amount, currency, mode and our own names, which intents and charges have alike.
std::optional<PaymentFacts> common_facts(const json::object& object) {
  PaymentFacts facts;
  facts.amount = {number_of(object, "amount"), currency_of(object)};
  facts.live = yes_of(object, "livemode");
  if (const json::object* names = object_of(object, "metadata")) {
    facts.payment = text_of(*names, "payment");
    facts.order = text_of(*names, "order");
  }
  if (facts.amount.minor < 0 || facts.amount.currency.empty() ||
      facts.payment.size() > kPaymentIdBytesMax || facts.order.size() > kPaymentIdBytesMax) {
    return std::nullopt;
  }
  return facts;
}

bool is_web_address(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

// What to say at each chain's till; the four chains have codes of their own.
std::string store_numbers(const json::object& details) {
  constexpr std::array<std::array<std::string_view, 2>, 4> kStores{{{"familymart", "FamilyMart"},
                                                                    {"lawson", "Lawson"},
                                                                    {"ministop", "Ministop"},
                                                                    {"seicomart", "Seicomart"}}};
  std::string lines;
  const json::object* stores = object_of(details, "stores");
  if (stores == nullptr) return lines;
  for (const auto& [key, name] : kStores) {
    const json::object* store = object_of(*stores, key);
    if (store == nullptr) continue;
    const std::string code = text_of(*store, "payment_code");
    const std::string confirmation = text_of(*store, "confirmation_number");
    lines += fmt::format("{}{} {}{}{}", lines.empty() ? "" : "\n", name, code,
                         confirmation.empty() ? "" : " / ", confirmation);
  }
  constexpr std::size_t kNumbersMax = 400;
  return lines.size() > kNumbersMax ? "" : lines;
}

void read_store(const json::object& intent, PaymentFacts& facts) {
  const json::object* action = object_of(intent, "next_action");
  const json::object* details =
      action == nullptr ? nullptr : object_of(*action, "konbini_display_details");
  if (details == nullptr) return;
  facts.number = store_numbers(*details);
  const std::int64_t until = number_of(*details, "expires_at");
  constexpr std::int64_t kLastYear = 253'402'300'799;  // 9999
  if (until > 0 && until <= kLastYear) facts.store_deadline = Utc{Seconds{until}};
  const std::string voucher = text_of(*details, "hosted_voucher_url");
  if (is_web_address(voucher)) facts.url = voucher;
}

// Inquiries (warning_…) move no money yet.
Dispute dispute_of_status(std::string_view status) {
  if (status == "won") return Dispute::Won;
  if (status == "lost") return Dispute::Lost;
  if (status == "needs_response" || status == "under_review" || status.starts_with("appeal_")) {
    return Dispute::Open;
  }
  return Dispute::None;
}

bool has_failed(const json::object& refund) {
  const std::string status = text_of(refund, "status");
  return status == "failed" || status == "canceled";
}

std::optional<RefundFailure> failure_of(const json::object& refund) {
  RefundFailure failure{text_of(refund, "id"), number_of(refund, "amount")};
  if (text_of(refund, "object") != "refund" || failure.id.empty() ||
      failure.id.size() > kRefundIdBytesMax || failure.amount <= 0) {
    return std::nullopt;
  }
  return failure;
}

// The charge's list, when it was expanded: with what failed, and all that was ever sent.
void read_refunds(const json::object& charge, PaymentFacts& facts) {
  const json::object* list = object_of(charge, "refunds");
  const json::value* data = list == nullptr ? nullptr : list->if_contains("data");
  if (data == nullptr || !data->is_array()) return;
  std::int64_t sent = 0;
  for (const json::value& one : data->as_array()) {
    if (!one.is_object()) continue;
    auto refund = failure_of(one.as_object());
    if (!refund) continue;
    sent += refund->amount;
    if (has_failed(one.as_object())) facts.refund_failures.push_back(std::move(*refund));
  }
  facts.refunded = std::max(facts.refunded, sent);
}

const json::object* charge_of(const json::object& intent) {
  return object_of(intent, "latest_charge");
}

}  // namespace

std::optional<PaymentFacts> facts_of_intent(const json::object& intent) {
  if (text_of(intent, "object") != "payment_intent") return std::nullopt;
  auto facts = common_facts(intent);
  if (!facts) return std::nullopt;
  facts->reference = text_of(intent, "id");
  if (facts->reference.empty() || facts->reference.size() > kReferenceBytesMax) {
    return std::nullopt;
  }
  const std::string status = text_of(intent, "status");
  if (status == "succeeded") facts->captured = number_of(intent, "amount_received");
  if (facts->captured < 0) return std::nullopt;
  facts->gone = status == "canceled";
  facts->secret = text_of(intent, "client_secret");
  if (!facts->order.empty()) facts->url = fmt::format("/orders/{}/pay", facts->order);
  read_store(intent, *facts);
  if (const json::object* charge = charge_of(intent); charge != nullptr && facts->captured > 0) {
    facts->refunded = std::max<std::int64_t>(0, number_of(*charge, "amount_refunded"));
    read_refunds(*charge, *facts);
  }
  return facts;
}

std::optional<PaymentFacts> facts_of_charge(const json::object& charge) {
  if (text_of(charge, "object") != "charge") return std::nullopt;
  auto facts = common_facts(charge);
  if (!facts) return std::nullopt;
  facts->reference = text_of(charge, "payment_intent");
  if (facts->reference.size() > kReferenceBytesMax) return std::nullopt;
  if (yes_of(charge, "paid") && yes_of(charge, "captured")) {
    facts->captured = number_of(charge, "amount_captured");
    facts->refunded = number_of(charge, "amount_refunded");
  }
  if (facts->captured < 0 || facts->refunded < 0) return std::nullopt;
  return facts;
}

std::optional<PaymentFacts> facts_of_dispute(const json::object& dispute) {
  if (text_of(dispute, "object") != "dispute") return std::nullopt;
  PaymentFacts facts;
  facts.whole = false;
  facts.amount = {number_of(dispute, "amount"), currency_of(dispute)};
  facts.live = yes_of(dispute, "livemode");
  facts.reference = text_of(dispute, "payment_intent");
  facts.dispute = dispute_of_status(text_of(dispute, "status"));
  if (facts.amount.minor < 0 || facts.amount.currency.empty() || facts.reference.empty() ||
      facts.reference.size() > kReferenceBytesMax) {
    return std::nullopt;
  }
  return facts;
}

std::optional<PaymentFacts> facts_of_refund(const json::object& refund) {
  const auto failure = failure_of(refund);
  if (!failure) return std::nullopt;
  PaymentFacts facts;
  facts.whole = false;
  facts.amount = {failure->amount, currency_of(refund)};
  facts.reference = text_of(refund, "payment_intent");
  if (facts.amount.currency.empty() || facts.reference.size() > kReferenceBytesMax) {
    return std::nullopt;
  }
  // Only a card's refund of an intent is ours.
  if (!facts.reference.empty() && has_failed(refund)) facts.refund_failures = {*failure};
  return facts;
}

Dispute dispute_of(const json::object& list) {
  const json::value* data = list.if_contains("data");
  if (data == nullptr || !data->is_array()) return Dispute::None;
  bool open = false, lost = false, won = false;
  for (const json::value& one : data->as_array()) {
    if (!one.is_object()) continue;
    const Dispute is = dispute_of_status(text_of(one.as_object(), "status"));
    open = open || is == Dispute::Open;
    lost = lost || is == Dispute::Lost;
    won = won || is == Dispute::Won;
  }
  if (lost) return Dispute::Lost;
  if (open) return Dispute::Open;
  return won ? Dispute::Won : Dispute::None;
}

bool was_disputed(const json::object& intent) {
  const json::object* charge = charge_of(intent);
  return charge != nullptr && yes_of(*charge, "disputed");
}

std::string email_of_charge(const json::object& intent) {
  const json::object* charge = charge_of(intent);
  const json::object* billing = charge == nullptr ? nullptr : object_of(*charge, "billing_details");
  return billing == nullptr ? "" : text_of(*billing, "email");
}

}  // namespace butai::ticketing
