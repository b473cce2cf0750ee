// The Guard of every route: from the credential of a request to a Principal, or to the answer that
// says what is wrong and how to mend it.
//   1. the channel that the route is about ({channel}, or ?channel= for publishers); 404 if no name
//   2. the one credential (credentials.h), verified: token, ticket or play; without any, under /api/
//      the cookie of a session, whose writes must carry X-CSRF-Token as well
//   3. what the weak secret signed counts on loopback only
//   4. the question itself: scope, or Gatekeeper for a channel
// Without any credential: public channels are viewed by nobody; where a late token is allowed the
// socket opens for nobody, and its handler must ask admit_token() with the first text message
// before it does anything (Gatekeeper::may tells whether nobody is enough).
// Flow:   net::Router -> admit -> handler; sockets -> admit_token for `auth` messages
// Thread: any; all that it holds is safe from every loop.
#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>

#include "access/credentials.h"
#include "access/edge_links.h"
#include "access/gatekeeper.h"
#include "access/panic_switch.h"
#include "access/plays.h"
#include "access/refusal.h"
#include "access/secret.h"
#include "access/sessions.h"
#include "access/ticket_desk.h"
#include "access/tickets.h"
#include "access/token_verifier.h"
#include "base/metrics.h"
#include "net/route.h"

namespace butai::access {

// A refusal as it is told: an HTTP answer, or a close code with a sentence.
struct Denial {
  Refusal refusal = Refusal::NoCredential;
  std::string sentence;  // what is wrong, and the line that makes a good token if that is the cure
  std::string scope;     // what was asked for, e.g. publish:main; may be empty

  int http_status() const { return access::http_status(refusal); }
  std::uint16_t close_code() const { return access::close_code(refusal); }
  net::Response response() const;  // with WWW-Authenticate on 401 and 403
};

class AccessGuard final : public net::Guard {
 public:
  AccessGuard(const TokenVerifier& verifier, Plays& plays, Tickets& tickets,
              const Gatekeeper& gatekeeper, const Secret& secret, Metrics& metrics);
  // Before the first request: from then on people in browsers are known by their cookie.
  void know(const Sessions& sessions) { sessions_ = &sessions; }
  // Likewise: plays by the right of a ticket are asked about there.
  void know(const TicketDesk& desk) { desk_ = &desk; }
  // Likewise: addresses that a CDN checks, which come through it to us.
  void know(EdgeLinks edges, const Clock& clock) {
    edges_ = std::move(edges);
    clock_ = &clock;
  }

  // Likewise: what rests is answered by it.
  void know(const PanicSwitch& panic) { panic_ = &panic; }

  std::expected<net::Principal, net::Response> admit(const net::Policy& policy,
                                                     const net::Request& request) override;

  // The same question for a token that came as a text message on an open WebSocket, as its only
  // credential (see socket_authority.h).
  std::expected<net::Principal, Denial> admit_token(const net::Policy& policy,
                                                    const net::Request& request,
                                                    std::string_view token);

  // Why the play of this principal may not go on: ended, its ticket void, its performance over. Sockets
  // ask every few seconds.
  std::expected<void, Refusal> still_running(const net::Principal& principal) const;

  // The same of a play's ticket alone; a play without one needs none.
  std::expected<void, Refusal> has_ticket(const PlayClaims& play) const;

  // Who asks, without a question: nobody when there is no credential. For handlers of routes that
  // serve both nobody and somebody (Who::Anyone).
  std::expected<net::Principal, Denial> identify(const net::Request& request);

  // The same answers for handlers that find a reason themselves; counts it.
  Denial deny(Refusal refusal, std::string_view scope);

 private:
  struct Question;
  std::expected<net::Principal, Refusal> answer(const Question& question,
                                                const net::Request& request,
                                                const Credential& credential);
  std::expected<net::Principal, Refusal> principal_of(const Credential& credential,
                                                      const net::Request& request);
  std::expected<net::Principal, Refusal> principal_of_play(std::string_view token,
                                                           const net::Request& request);
  std::expected<net::Principal, Refusal> principal_of_edge(std::string_view token,
                                                           const net::Request& request) const;
  std::expected<net::Principal, Refusal> principal_of_session(const net::Request& request) const;
  std::expected<void, Refusal> permit(const Question& question,
                                      const net::Principal& principal) const;

  const TokenVerifier& verifier_;
  Plays& plays_;
  Tickets& tickets_;
  const Gatekeeper& gatekeeper_;
  const Sessions* sessions_ = nullptr;
  const TicketDesk* desk_ = nullptr;
  EdgeLinks edges_;
  const Clock* clock_ = nullptr;  // of edges_
  const PanicSwitch* panic_ = nullptr;
  bool weak_secret_;
  std::array<prometheus::Counter*, kRefusals> refused_{};
};

}  // namespace butai::access
