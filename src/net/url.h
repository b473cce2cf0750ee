// The addresses that our own clients are given: ws, wss, http, https.
// Spec: RFC 3986, only what these four schemes need; user information is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace butai::net {

struct Url {
  std::string scheme;  // lower case
  std::string host;    // without brackets
  std::uint16_t port = 0;
  std::string target;  // path and query, at least "/"

  static std::optional<Url> parse(std::string_view text);
  bool secure() const { return scheme == "wss" || scheme == "https"; }
  std::string authority() const;  // for the Host field: host[:port]
};

}  // namespace butai::net
