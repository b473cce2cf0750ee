// `?keys=` of a playlist or manifest of a protected channel.
#pragma once

#include <optional>
#include <string>

#include "delivery/ports.h"
#include "net/http.h"
#include "package/key_lines.h"

namespace butai::delivery {

// Nothing: the word is none of ours; the answer is keys_unknown().
inline std::optional<package::KeysWanted> keys_asked(const net::Request& request,
                                                     const Ports& ports) {
  const auto word = request.query_value("keys");
  if (!word) return package::KeysWanted{ports.keys, false};
  const auto lines = package::key_lines_named(*word);
  if (!lines) return std::nullopt;
  return package::KeysWanted{*lines, true};
}

inline net::Response keys_unknown() {
  return net::Response::problem(400, "keys must be identity, clearkey or drm");
}

// Where this viewer gets licenses: beside the playlists, with the same right in the path.
inline std::string license_address(const net::Request& request) {
  const std::string right = request.path_token.empty() ? "" : "/t/" + request.path_token;
  return request.peer.origin + right + "/license";
}

}  // namespace butai::delivery
