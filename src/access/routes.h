// What access/ answers over HTTP:
//   POST   /token               OAuth2 password grant (RFC 6749 section 4.3) -> a bearer token
//   POST   /api/v1/tickets      a one-time ticket for a WebSocket, for the bearer
//   POST   /api/v1/plays        starts a play -> its signed addresses
//   GET    /api/v1/plays/{id}   how it goes on
//   PUT    /api/v1/plays/{id}   renews it
//   DELETE /api/v1/plays/{id}   ends it
// Thread: built at start; handlers run on the loop of their connection, answers come back to it.
// Limits: bodies of 4 KiB; RateClass per address by net/, LoginLimit per account here.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "access/accounts.h"
#include "access/ended_plays.h"
#include "access/gatekeeper.h"
#include "access/guard.h"
#include "access/plays.h"
#include "access/second_factor.h"
#include "access/ticket_desk.h"
#include "access/tickets.h"
#include "access/token_minter.h"
#include "net/route.h"

namespace butai::access {

// All must outlive the routes.
struct RouteParts {
  AccessGuard& guard;
  const Gatekeeper& gatekeeper;
  Plays& plays;
  Tickets& tickets;
  Accounts& accounts;
  const TokenMinter& minter;
  TicketDesk* desk = nullptr;        // null: no channel is guarded by tickets
  SecondFactors* factors = nullptr;  // null: control and admin need no second factor
  EndedPlays* ended = nullptr;       // null: ended plays are remembered by the process alone
  // Whether a channel's plays need licenses. Any loop.
  std::function<bool(const std::string& channel)> is_protected = [](const auto&) { return false; };
  bool license_tokens = false;  // players ask a DRM service themselves
};

std::vector<net::Route> routes(const RouteParts& parts);
// What POST /api/v1/plays answers: a play's signed addresses.
net::Response play_answer(const RouteParts& parts, const Play& play, const net::Peer& peer,
                          int status);

// Each file's own; routes() joins them.
std::vector<net::Route> token_routes(const RouteParts& parts);
std::vector<net::Route> ticket_routes(const RouteParts& parts);
std::vector<net::Route> play_routes(const RouteParts& parts);

}  // namespace butai::access
