// What caches on the way may keep, and for how long. Segments and parts never change, so they may
// be kept for ever; playlists for a second, so that one answer serves a cache's whole crowd; what
// was asked for by number (a blocking reload) will be the same whenever it is asked for.
// Thread: pure functions, any.
// Spec:   RFC 9111; draft-pantos-hls-rfc8216bis-22 appendix B.1 (24 s: six target durations).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http.h"

namespace butai::delivery {

// With the right in the path, or on a public channel, the address itself is the right. What a bearer
// token opened, a shared cache must not give to others.
enum class Right : std::uint8_t { InAddress, Bearer };

inline Right right_of(const net::Request& request) {
  const bool nobody = request.principal.subject.empty();
  return !request.path_token.empty() || nobody ? Right::InAddress : Right::Bearer;
}

enum class Life : std::uint8_t { Playlist, Reload, Media };

inline std::string cache_control(Life life, Right right) {
  const std::string_view age = life == Life::Playlist ? "max-age=1"
                               : life == Life::Reload ? "max-age=24"
                                                      : "max-age=31536000, immutable";
  return std::string(right == Right::InAddress ? "public, " : "private, ").append(age);
}

}  // namespace butai::delivery
