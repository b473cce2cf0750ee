// Plays: one viewer's running playback, as signed addresses (DESIGN decision 6).
//   start()   a path token for /live/CHANNEL/…, verifiable by every node that has the secret
//   verify()  signature, expiry, revocation: no look-up of what this node remembers
//   seen()    a heartbeat: playlist, license renewal or socket
//   end()     revokes; every later use is refused, by the next start too (EndedPlays)
// The token: version, flags, play id (128 bit), expiry, keyed hash of the subject, channel, MAC.
// What a node remembers of a play (for renewal, ending and counting) is rebuilt from its token with
// the next heartbeat, so neither a restart nor a full memory ends one.
// Flow:   POST /api/v1/plays -> start -> /t/TOKEN/live/… -> AccessGuard -> verify, seen
// Thread: any. The mutex is held for one map operation; every loop asks once per request, which is
//         cheaper than posting to an owner and back.
// Limits: kPlayLife, kPlaysMax, kRevokedMax.
#pragma once

#include <expected>
#include <functional>
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

struct Play {
  std::string id;          // 22 characters of base64url
  std::string path_token;  // TOKEN of /t/TOKEN/live/CHANNEL/…
  std::string channel;
  Utc expires;
};

// What a path token says.
struct PlayClaims {
  Id128 id{};
  std::string channel;
  std::uint64_t owner = 0;  // keyed hash of the subject
  bool anonymous = false;   // started by nobody, on a public channel
  bool ticket = false;      // by the right of a ticket, which is asked about with every request
  bool test = false;        // of a test channel, before a ticket is bought
  Utc expires;
};

class Plays {
 public:
  // `previous`: the secret before this one; plays that it signed go on until they expire.
  Plays(const Secret& secret, const Clock& clock, Random& random, const Secret* previous = nullptr);

  // The caller has asked the gatekeeper, or the ticket desk.
  enum class Grounds : std::uint8_t { Scope, Ticket, Test };
  Play start(std::string_view channel, const net::Principal& principal,
             Grounds grounds = Grounds::Scope);
  std::expected<PlayClaims, Refusal> verify(std::string_view path_token) const;
  void seen(const PlayClaims& claims);
  void seen(std::string_view id);  // of a socket that was admitted with the play

  // For PUT and DELETE of /api/v1/plays/{id}; nothing when this node does not know the play.
  std::optional<PlayClaims> find(std::string_view id) const;
  bool owns(const PlayClaims& play, const net::Principal& principal) const;
  // The same play with a new token and a full life.
  Play renew(const PlayClaims& play);
  void end(const PlayClaims& play);
  // One that ended elsewhere, or before this start.
  void revoke(const Id128& id, Utc until);
  // Told of each play that ends here, on the thread that ends it; set before the first request.
  using OnEnd = std::function<void(const Id128& id, Utc until)>;
  void tell(OnEnd on_end) { on_end_ = std::move(on_end); }

  // When the play was last seen; nothing when this node does not know it.
  std::optional<Utc> last_seen(std::string_view id) const;
  // What a play's address says of who started it.
  std::uint64_t owner_of(std::string_view subject) const;

  // Plays by the right of a ticket that were seen since; under the mutex, so `look` only takes notes.
  void each_by_ticket(Utc since,
                      const std::function<void(const PlayClaims&, Utc seen)>& look) const;

  // False once the play was ended: sockets of a play ask every few seconds and close with 4401.
  bool running(std::string_view id) const;
  // Plays of a channel with a heartbeat in the last `window`: its viewers, however they watch.
  std::size_t active(std::string_view channel, Seconds window) const;

 private:
  struct Record {
    PlayClaims claims;
    Utc seen;
  };
  Play sign(const PlayClaims& claims) const;
  void remember(const PlayClaims& claims, Utc now);  // under the mutex

  Key32 key_;
  std::optional<Key32> previous_key_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  mutable ExpiringMap<Record> plays_;
  mutable ExpiringMap<bool> revoked_;
  OnEnd on_end_ = [](const Id128&, Utc) {};
};

}  // namespace butai::access
