// Webhooks of strangers: without the secret nothing is read; with it, what is read says nothing that
// cannot be.
#include <cstdlib>

#include "base/bytes.h"
#include "ticketing/payments/test_books.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace butai::ticketing;
  const butai::Utc now = butai::utc_of(1'800'000'000'000'000);
  const std::string_view body = butai::as_text(butai::ByteView(bytes, size));
  if (read_test_webhook("secret", body, body, now)) std::abort();
  const auto event = read_test_webhook("secret", sign_webhook("secret", body, now), body, now);
  if (event && (event->id.empty() || event->facts.captured < 0 ||
                event->facts.payment.size() > 32 || event->facts.dispute > Dispute::Lost)) {
    std::abort();
  }
  return 0;
}
