// The port to the sale: on channels whose access is "ticket" a play is started by the right of a ticket,
// and every request of that play asks whether it still holds.
// Flow:   POST /api/v1/plays -> start(); AccessGuard (playlists, segments, sockets, licenses) -> may_go_on()
// Thread: any; implementations answer from memory.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "access/plays.h"
#include "net/http.h"

namespace butai::access {

struct PlayWish {
  std::string channel;
  std::string performance;  // empty: whichever is on
  std::string device;       // as its owner would call it, e.g. "Chrome on Windows"
  std::string take_over;    // the play that this one replaces; empty: none
};

struct TakenOver {
  std::string by;  // the device
};

// Whether a play that began by the right of a ticket still has it.
enum class GoesOn : std::uint8_t { Yes, TicketVoid, Over };

class TicketDesk {
 public:
  virtual ~TicketDesk() = default;
  virtual bool guards(std::string_view channel) const = 0;
  // The play, or the answer that says why not.
  virtual std::expected<Play, net::Response> start(const net::Principal& principal,
                                                   const PlayWish& wish) = 0;
  virtual GoesOn may_go_on(const PlayClaims& play) const = 0;
  // Of a play that runs no more.
  virtual std::optional<TakenOver> taken_over(std::string_view play) const = 0;
};

}  // namespace butai::access
