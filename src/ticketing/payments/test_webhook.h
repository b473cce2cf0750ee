// The test provider's webhooks as text: JSON with all that it knows of one payment.
// Thread: any.
#pragma once

#include <string>

#include "ticketing/payments/test_books.h"

namespace butai::ticketing {

std::string write_test_webhook(std::string_view id, const PaymentFacts& facts);

}  // namespace butai::ticketing
