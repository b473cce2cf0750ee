// Stripe's webhooks: the signature over the raw bytes, then the event.
//   Stripe-Signature: t=UNIX,v1=HEX[,v1=HEX…]; v1 is HMAC-SHA256 of "t.BODY" under the endpoint's secret
// Several v1 are sent while a secret is changed, and one of them must be right; other schemes are ignored.
// Thread: any.
// Limits: kSignatureBytesMax, kWebhookBytesMax, kWebhookAge both ways.
// Spec:   docs.stripe.com/webhooks, "Verify webhook signatures manually".
#pragma once

#include <string_view>

#include "ticketing/payments/provider.h"

namespace butai::ticketing {

// BadSignature or Stale; without a secret nothing is ever right.
std::expected<void, WebhookFault> check_stripe_signature(std::string_view secret,
                                                         std::string_view header,
                                                         std::string_view body, Utc now);

// Of a body that was signed. NotForUs: other kinds of events, and payments that are not ours.
std::expected<WebhookEvent, WebhookFault> read_stripe_event(std::string_view body);

}  // namespace butai::ticketing
