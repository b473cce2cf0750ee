// The port to whoever moves the money: what we ask, what is answered, what arrives as a webhook.
// Every answer and every webhook tells all that is known of one payment (PaymentFacts), and facts only
// grow: whatever order and however often they arrive, what is known in the end is the same.
// Flow:   Cashier -> Provider -> the provider's server; webhook route -> read_webhook
// Thread: call() from any loop, `done` is posted to `home`, exactly once. read_webhook is pure.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "base/money.h"
#include "base/time.h"

namespace butai::ticketing {

enum class Dispute : std::uint8_t { None, Open, Won, Lost };  // in the order of their coming

// A refund that did not arrive, days or weeks later: the money is with us again.
struct RefundFailure {
  std::string id;  // the provider's name of the refund
  std::int64_t amount = 0;
};

struct PaymentFacts {
  std::string payment = {};  // ours
  Money amount = {};         // what it was made for
  bool live = false;         // real money
  std::int64_t captured = 0;
  std::int64_t refunded = 0;  // all that was ever sent back, also what failed
  std::vector<RefundFailure> refund_failures = {};
  Dispute dispute = Dispute::None;
  bool gone = false;        // can no longer be paid
  std::string url = {};     // where the buyer pays
  std::string number = {};  // what the buyer shows at the store's till
  std::optional<Utc> store_deadline = {};
  std::string order = {};      // ours, where the provider keeps it
  std::string reference = {};  // the provider's own name of the payment
  std::string account = {};    // in whose books it is; empty: in ours
  std::string secret = {};     // with it the buyer's browser pays
  bool whole = true;  // false: tells of a dispute or a refund alone, found by its reference
};

struct Call {
  enum class Kind : std::uint8_t { Create, Cancel, Refund, Ask };
  Kind kind = Kind::Ask;
  std::string key;  // of idempotency; written before the call, the same for every try; none for Ask
  std::string payment;
  std::string order;
  std::string method;  // card, konbini
  Money amount;        // of the payment, or what is to be refunded
  Utc pay_until;
  std::string reference = {};  // the provider's name of the payment, when we know it
};
std::string_view name_of(Call::Kind kind);

enum class CallFault : std::uint8_t {
  Unknown,  // it may have been done: ask again with the same key
  Refused,  // it was not done and will not be
};
using Answer = std::expected<PaymentFacts, CallFault>;

struct WebhookEvent {
  std::string id;
  PaymentFacts facts;
};
enum class WebhookFault : std::uint8_t {
  BadSignature,
  Stale,
  Malformed,
  NotForUs,  // signed and well, and nothing that a sale follows from
  NotTaken,  // not written: it must come again
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;              // of /webhooks/NAME
  virtual std::string_view signature_header() const = 0;  // of its webhooks
  virtual bool live() const = 0;
  virtual void call(const Call& call, Executor& home,
                    std::move_only_function<void(Answer)> done) = 0;
  // The raw body, as it came.
  virtual std::expected<WebhookEvent, WebhookFault> read_webhook(std::string_view signature,
                                                                 std::string_view body,
                                                                 Utc now) const = 0;
};

}  // namespace butai::ticketing
