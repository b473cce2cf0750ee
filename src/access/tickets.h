// One-time tickets: a browser cannot put a header on a WebSocket, so it fetches one of these with
// its token and connects with ?ticket=TICKET. Valid 30 s, for one socket, and for nothing longer
// than the token it was bought with.
// Flow:   POST /api/v1/tickets -> issue; WebSocket upgrade -> AccessGuard -> redeem
// Thread: any; the mutex guards the list of redeemed tickets for one map operation.
// Limits: kTicketLife, kTicketBytesMax, kTicketsUsedMax (more in 30 s are refused, not forgotten).
#pragma once

#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "access/expiring_map.h"
#include "access/refusal.h"
#include "access/secret.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/http.h"

namespace butai::access {

struct Ticket {
  std::string text;
  Utc expires;
};

class Tickets {
 public:
  Tickets(const Secret& secret, const Clock& clock, Random& random);
  // Nothing when the principal's scopes do not fit.
  std::optional<Ticket> issue(const net::Principal& principal);
  std::expected<net::Principal, Refusal> redeem(std::string_view ticket);

 private:
  Key32 key_;
  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  ExpiringMap<bool> used_;
};

}  // namespace butai::access
