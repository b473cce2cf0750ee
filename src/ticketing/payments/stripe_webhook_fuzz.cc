// Webhooks of strangers: a header without the secret is never right; what is read of a body says nothing
// that cannot be, whatever stands in it.
#include <cstdlib>

#include "base/bytes.h"
#include "ticketing/limits.h"
#include "ticketing/payments/stripe_webhook.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace butai::ticketing;
  const butai::Utc now = butai::utc_of(1'800'000'000'000'000);
  const std::string_view body = butai::as_text(butai::ByteView(bytes, size));
  if (check_stripe_signature("whsec_of_the_fuzzer", body, body, now)) std::abort();
  if (check_stripe_signature("", body, body, now)) std::abort();
  const auto event = read_stripe_event(body);
  if (!event) return 0;
  const PaymentFacts& facts = event->facts;
  const bool sane = !event->id.empty() && event->id.size() <= kEventIdBytesMax &&
                    facts.payment.size() <= kPaymentIdBytesMax &&
                    facts.reference.size() <= kReferenceBytesMax && facts.captured >= 0 &&
                    facts.refunded >= 0 && facts.amount.minor >= 0 &&
                    facts.amount.currency.size() == 3 && facts.dispute <= Dispute::Lost &&
                    facts.whole != facts.payment.empty();
  for (const RefundFailure& one : facts.refund_failures) {
    if (one.id.empty() || one.id.size() > kRefundIdBytesMax || one.amount <= 0) std::abort();
  }
  if (!sane) std::abort();
  return 0;
}
