// From what is known of the money to the state of the order: facts are joined, never overwritten, then
// the order takes every step that they allow. So every order and repetition of events ends alike.
// Thread: the database's, inside one transaction.
#pragma once

#include "ticketing/payments/payments.h"

namespace butai::ticketing {

// Whether the facts speak of this payment at all: same amount, currency, mode, account, order and name
// at the provider, and no more captured or refunded than can be.
Verdict compare(const Payment& payment, const PaymentFacts& facts, bool live);

// The caller has compared.
void apply(Work& work, Payment& payment, const PaymentFacts& facts);

}  // namespace butai::ticketing
