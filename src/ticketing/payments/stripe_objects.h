// Stripe's objects read as what is known of a payment. Pure functions of JSON.
//   PaymentIntent  everything but disputes; refunds when its latest_charge.refunds was expanded
//   Charge         of charge.refunded
//   Dispute        names the intent only: facts that are not whole
//   Refund         likewise, of one that failed; it says nothing of the mode
// Our own names travel in metadata: payment, order.
// Thread: any.
// Spec:   docs.stripe.com/api, version kStripeVersion.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string_view>

#include "ticketing/payments/provider.h"

namespace butai::ticketing {

// The shapes that this file was written for; events may be of an older one.
inline constexpr std::string_view kStripeVersion = "2026-10-28.endive";

// Nothing: it is not one, or says what cannot be. An intent without our names is somebody else's:
// facts whose payment is empty.
std::optional<PaymentFacts> facts_of_intent(const boost::json::object& intent);
std::optional<PaymentFacts> facts_of_charge(const boost::json::object& charge);
std::optional<PaymentFacts> facts_of_dispute(const boost::json::object& dispute);
std::optional<PaymentFacts> facts_of_refund(const boost::json::object& refund);

// The worst of a list of disputes.
Dispute dispute_of(const boost::json::object& list);
// Whether the intent's charge was ever disputed: then the list has to be asked for.
bool was_disputed(const boost::json::object& intent);
// Where a till's refund sends its question for a bank account; empty when it is not known.
std::string email_of_charge(const boost::json::object& intent);

}  // namespace butai::ticketing
