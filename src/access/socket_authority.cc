#include "access/socket_authority.h"

#include <algorithm>
#include <utility>

#include "access/limits.h"

namespace butai::access {
namespace {

// A close frame has room for 123 bytes of reason (RFC 6455 section 5.5).
std::string_view short_reason(Refusal refusal) { return sentence(refusal).substr(0, 123); }

}  // namespace

SocketAuthority::SocketAuthority(AccessGuard& guard, net::Policy policy, net::Request request,
                                 Executor& loop, const Clock& clock, Close close)
    : guard_(guard),
      policy_(policy),
      request_(std::move(request)),
      loop_(loop),
      clock_(clock),
      close_(std::move(close)) {
  const net::Principal& principal = request_.principal;
  // A nobody on a route that allows late tokens still owes one; a public channel's viewer does not,
  // and the guard then gave it a play or no expiry, which is why only the token itself is asked
  // for.
  admitted_ = policy_.late_token == net::LateToken::No || !principal.subject.empty() ||
              !principal.play.empty() || guard_.admit({.who = policy_.who}, request_).has_value();
  if (admitted_) {
    watch_expiry();
  } else {
    timer_ = loop_.after(kLateTokenTime, [this] {
      close_(4401, "no token came within 3 s; send {\"type\":\"auth\",\"token\":…} first");
    });
  }
}

bool SocketAuthority::take_token(std::string_view token) {
  auto principal = guard_.admit_token(policy_, request_, token);
  if (!principal) {
    close_(principal.error().close_code(), short_reason(principal.error().refusal));
    return false;
  }
  if (admitted_ && !request_.principal.subject.empty() &&
      principal->subject != request_.principal.subject) {
    close_(4403, "the new token is somebody else's");
    return false;
  }
  request_.principal = std::move(*principal);
  admitted_ = true;
  watch_expiry();
  return true;
}

void SocketAuthority::watch_expiry() {
  timer_.reset();
  const net::Principal& principal = request_.principal;
  if (!principal.expires) return;
  const Micros left = *principal.expires + kLeeway - clock_.utc();
  const Micros longest = principal.play.empty() ? kSocketCheckEvery : kPlayCheckEvery;
  timer_ = loop_.after(std::clamp(left, Micros{0}, longest), [this] {
    if (const auto runs = guard_.still_running(request_.principal); !runs) {
      return close_(close_code(runs.error()), short_reason(runs.error()));
    }
    if (clock_.utc() < *request_.principal.expires + kLeeway) return watch_expiry();
    close_(close_code(Refusal::Expired), short_reason(Refusal::Expired));
  });
}

}  // namespace butai::access
