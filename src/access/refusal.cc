#include "access/refusal.h"

#include <fmt/format.h>

#include <array>

namespace butai::access {
namespace {

struct Row {
  Refusal refusal;
  int status;
  std::string_view label;
  std::string_view sentence;
};

using enum Refusal;

// In the order of the enum (asserted by the test).
constexpr std::array<Row, kRefusals> kTable{{
    {NoCredential, 401, "no_credential",
     "A token is needed here; send it as Authorization: Bearer TOKEN, or on a WebSocket as the "
     "subprotocol bearer.TOKEN."},
    {SeveralCredentials, 400, "several_credentials",
     "The request carries more than one credential; send exactly one."},
    {NotBearer, 401, "not_bearer", "The Authorization header must read: Bearer TOKEN."},
    {TokenInQuery, 401, "token_in_query",
     "A token in the query ends up in logs and histories, so it is refused; send it as "
     "Authorization: Bearer TOKEN, as the subprotocol bearer.TOKEN, or get a ticket with POST "
     "/api/v1/tickets and connect with ?ticket=TICKET."},
    {TicketNotHere, 401, "ticket_not_here",
     "A ticket opens a WebSocket only; here send Authorization: Bearer TOKEN."},
    {TooLarge, 401, "too_large", "The token is larger than 8 KiB."},
    {Malformed, 401, "malformed",
     "The token is not a JWT: three base64url parts with dots between, the first two JSON "
     "objects."},
    {DuplicateMember, 401, "duplicate_member", "The token names the same header or claim twice."},
    {HeaderNotAllowed, 401, "header_not_allowed",
     "The token's header carries one of crit, b64, jwk, jku, x5u, x5c; none of them is accepted."},
    {WrongType, 401, "wrong_type",
     "The token's typ is not JWT, so it was made for something else."},
    {AlgorithmNotAllowed, 401, "algorithm_not_allowed",
     "The token's alg is not one that this server's keys are configured for."},
    {UnknownKey, 401, "unknown_key", "The token's kid names no key that this server knows."},
    {KeyNotNamed, 401, "key_not_named",
     "The token has no kid, and this server knows several keys of its alg."},
    {BadSignature, 401, "bad_signature",
     "The token's signature is not from the key of this server."},
    {WeakSecret, 401, "weak_secret",
     "This server's secret is shorter than 32 bytes or a published example, so what it signs is "
     "accepted from this machine only; set [auth] secret to 32 random bytes or remove it."},
    {NoExpiry, 401, "no_expiry", "The token has no exp."},
    {BadExpiry, 401, "bad_expiry",
     "The token's exp is not a time in seconds since 1970 as a number."},
    {Expired, 401, "expired", "The token has expired."},
    {BadNotBefore, 401, "bad_not_before",
     "The token's nbf is not a time in seconds since 1970 as a number."},
    {NotYetValid, 401, "not_yet_valid", "The token is not valid yet (nbf lies in the future)."},
    {BadIssuedAt, 401, "bad_issued_at",
     "The token's iat is not a time in seconds since 1970 as a number."},
    {IssuedInFuture, 401, "issued_in_future",
     "The token was issued in the future (iat); check the clocks."},
    {NoAudience, 401, "no_audience", "The token has no aud."},
    {WrongAudience, 401, "wrong_audience",
     "The token's aud does not name this server (butai unless configured)."},
    {NoIssuer, 401, "no_issuer",
     "The token has no iss, and this server is configured for one issuer."},
    {WrongIssuer, 401, "wrong_issuer",
     "The token's iss is not the issuer that this server is configured for."},
    {NoSubject, 401, "no_subject",
     "The token has no sub, or one that is empty, too long or not text."},
    {NoScope, 401, "no_scope", "The token has no scope as text, with spaces between scopes."},
    {BadTicket, 401, "bad_ticket",
     "The ticket is not one of this server; get one with POST /api/v1/tickets."},
    {TicketExpired, 401, "ticket_expired",
     "The ticket is older than 30 s; get a new one with POST /api/v1/tickets."},
    {TicketUsed, 401, "ticket_used",
     "The ticket was used before; each opens one socket, get a new one with POST /api/v1/tickets."},
    {BadPlay, 401, "bad_play",
     "The address of this play is not one that this server signed; start a play with POST "
     "/api/v1/plays."},
    {PlayExpired, 401, "play_expired",
     "This play has expired; start a new one with POST /api/v1/plays."},
    {PlayRevoked, 401, "play_revoked",
     "This play was ended; start a new one with POST /api/v1/plays."},
    {WrongPlay, 403, "wrong_play", "This play is for another channel or another kind of address."},
    {NoCsrfToken, 403, "no_csrf_token",
     "A write with a cookie needs the header X-CSRF-Token; GET /api/v1/session tells its value."},
    {TicketVoid, 403, "ticket_void", "The ticket of this play is not valid any more."},
    {PerformanceOver, 410, "performance_over", "The performance of this play is over."},
    {NotAllowed, 403, "not_allowed", "The credential is valid, but does not allow this."},
    {NoSuchChannel, 404, "no_such_channel",
     "There is no such channel; names are of A-Z a-z 0-9 _ - and at most 64 characters."},
}};

const Row& row(Refusal refusal) { return kTable[static_cast<std::size_t>(refusal)]; }

}  // namespace

std::string_view label(Refusal refusal) { return row(refusal).label; }
std::string_view sentence(Refusal refusal) { return row(refusal).sentence; }
int http_status(Refusal refusal) { return row(refusal).status; }

std::uint16_t close_code(Refusal refusal) {
  return static_cast<std::uint16_t>(4000 + http_status(refusal));
}

bool cured_by_new_token(Refusal refusal) {
  switch (refusal) {
    case NoCredential:
    case TooLarge:
    case Malformed:
    case BadSignature:
    case NoExpiry:
    case BadExpiry:
    case Expired:
    case BadNotBefore:
    case NotYetValid:
    case BadIssuedAt:
    case IssuedInFuture:
    case NoAudience:
    case WrongAudience:
    case NoIssuer:
    case WrongIssuer:
    case NoSubject:
    case NoScope:
    case NotAllowed:
    case AlgorithmNotAllowed:
    case WrongType:
      return true;
    default:
      return false;
  }
}

std::string mint_line(std::string_view scope) {
  return fmt::format("butai token mint --sub NAME --scope \"{}\" --ttl 3600", scope);
}

}  // namespace butai::access
