// The calls to a provider, as rows that are there before the call is made.
// Thread: the database's, inside one transaction.
#pragma once

#include "ticketing/payments/payments.h"

namespace butai::ticketing {

// Writes the call, once: its key follows from the payment. Nothing when it was there already, or has to
// wait until the provider knows the payment; calls_due() then finds it. `pay_until`: of one that is created.
std::optional<Call> write_call(Work& work, Call::Kind kind, const Payment& payment,
                               Utc pay_until = {});
// Nothing to do when all went back already, or it was asked for before.
std::optional<Call> want_refund(Work& work, const Payment& payment);
void call_is_done(Work& work, const Call& call);
// The provider knows the payment, however we heard of it.
void creation_is_done(Work& work, const Payment& payment);
// Nobody answered: later, with the same key.
void call_again(Work& work, const Call& call);
// Those whose time has come.
std::vector<Call> calls_due(Work& work);

}  // namespace butai::ticketing
