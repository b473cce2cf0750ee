// The right of one open WebSocket: a token that may come late, is renewed, and runs out.
// Flow:   publisher and viewer sessions ask it before every act of theirs
// Thread: the socket's loop.
// Limits: kLateTokenTime to authenticate; closed kLeeway after exp, kPlayCheckEvery after a play's
//         end.
//
//  1. Admitted at the upgrade: the principal is there at once.
//  2. Not yet: the first text message must be {"type":"auth","token":T} within 3 s, else 4401.
//  3. {"type":"auth"} at any later time renews; a token for another subject is refused.
//  4. Without renewal the socket is closed with 4401 at exp + 30 s; so is one whose play was ended.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "access/guard.h"
#include "base/clock.h"
#include "base/executor.h"
#include "net/route.h"

namespace butai::access {

class SocketAuthority {
 public:
  using Close = std::function<void(std::uint16_t code, std::string_view reason)>;

  SocketAuthority(AccessGuard& guard, net::Policy policy, net::Request request, Executor& loop,
                  const Clock& clock, Close close);

  // Whether somebody was admitted; until then only auth messages are listened to.
  bool admitted() const { return admitted_; }
  const net::Principal& principal() const { return request_.principal; }
  // Takes the token of an auth message. False: refused, and the socket is being closed.
  bool take_token(std::string_view token);

 private:
  void watch_expiry();

  AccessGuard& guard_;
  net::Policy policy_;
  net::Request request_;
  Executor& loop_;
  const Clock& clock_;
  Close close_;
  bool admitted_ = false;
  TimerHandle timer_;
};

}  // namespace butai::access
