// Payments: what we told a provider to do, and what we know of the money.
//   confirm()  the order's payment, and the call that creates it: both written before it is made
//   settle()   what a call brought
//   learn()    what a webhook brought, once
//   due()      calls to make now: those that nobody answered, payments that are not settled, payments
//              whose time is over
// An outcome that is not known stays not known: the same key is sent again, never another one.
// Thread: the database's, inside one transaction.
// Limits: kCallAgainFirst/Most, kAskEvery, kGiveUpCreating, kCardTime; store_deadline.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ticketing/orders/orders.h"
#include "ticketing/payments/provider.h"
#include "ticketing/work.h"

namespace butai::ticketing {

struct Payment {
  std::string id;
  std::string order;
  std::string method;
  Money amount;
  std::int64_t captured = 0;
  std::int64_t refunded = 0;       // all that was ever sent back
  std::int64_t refund_failed = 0;  // of it, what did not arrive and is with us again
  Dispute dispute = Dispute::None;
  bool gone = false;
  bool cancelled = false;  // the buyer asked for it
  std::string url, number;
  std::optional<Utc> store_deadline;
  Utc created;
  std::string reference;  // the provider's name of it
  std::string secret;     // for the buyer's browser, while it can be paid
};
std::optional<Payment> payment_of(Work& work, std::string_view order);
// What a refund may still send back.
inline std::int64_t refundable(const Payment& payment) {
  return payment.captured - payment.refunded + payment.refund_failed;
}

struct Confirmed {
  Order order;
  std::optional<Call> call;  // to be made after the commit
};
// A second confirmation with the same method is the first one again.
Outcome<Confirmed> confirm(Work& work, std::string_view account, std::string_view order,
                           std::string_view method);
// Before anything was paid. With a payment under way it is the provider who says when it is over.
Outcome<Confirmed> cancel(Work& work, std::string_view account, std::string_view order);
// All that is still ours to give back, once; the tickets end when the provider says that the money is
// back. Asked again after a refund that failed, it is another refund.
Outcome<Confirmed> refund(Work& work, std::string_view order);

void settle(Work& work, const Call& call, const Answer& answer, bool live);

enum class Verdict : std::uint8_t {
  Taken,
  Again,
  UnknownPayment,
  WrongAmount,
  WrongMode,
  WrongOrder,    // another order's, or another payment of the provider's for this order
  WrongAccount,  // in somebody else's books
};
std::string_view name_of(Verdict verdict);
Verdict learn(Work& work, const WebhookEvent& event, bool live);

std::vector<Call> due(Work& work);
// Asks about one payment that is not settled, for a buyer who came back from the provider.
Outcome<Confirmed> look(Work& work, std::string_view account, std::string_view order);

}  // namespace butai::ticketing
