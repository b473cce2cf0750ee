// The one credential of a request, wherever it stands. Pure.
//   Authorization: Bearer TOKEN · Sec-WebSocket-Protocol: …, bearer.TOKEN · ?ticket= · /t/TOKEN/
// Two different ones are refused: guessing which counts is how sessions get mixed up.
// Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "access/refusal.h"
#include "net/http.h"

namespace butai::access {

struct Credential {
  enum class Kind : std::uint8_t { None, Bearer, Ticket, Play };
  Kind kind = Kind::None;
  std::string text;
  friend bool operator==(const Credential&, const Credential&) = default;
};

// Refuses with SeveralCredentials, NotBearer, TokenInQuery or TicketNotHere.
std::expected<Credential, Refusal> find_credential(const net::Request& request);

}  // namespace butai::access
