// From the URL that a person types to the URL that is connected to.
// Thread: pure functions, any.
// Spec:   DESIGN section 5 (paths); RFC 3986 as far as these paths need it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/problem.h"

namespace butai::client {

struct Url {
  std::string scheme;     // lower case
  std::string authority;  // host[:port]
  std::string path;       // with its /, or empty
  std::string query;      // without its ?, or empty
  std::string text() const;
  std::string origin() const { return scheme + "://" + authority; }
  std::string host() const;  // without port and brackets
  bool loopback() const;
};
// A URL with scheme and authority. User names are refused (they would end up in logs), and so are
// control characters and spaces.
Expected<Url> parse_url(std::string_view text);
// The value of `name` in a query, undecoded; empty when it is not there.
std::string query_value(std::string_view query, std::string_view name);

// rtmp(s)://HOST[:PORT]/APP/NAME[?QUERY]; the usual ports are 1935 and 1936.
struct RtmpAddress {
  std::string host;
  std::uint16_t port = 0;
  bool secure = false;
  std::string app;
  std::string name;                    // with its query
  std::string connection_url() const;  // without the name: it may be a key
};

// Where `butai publish` connects to: /ws without a path, ?channel=main without a query (a server
// sends everything back to those who send none, as the seed's does).
struct PublishTarget {
  std::string url;
  std::string channel;
  bool exposed = false;  // ws:// or rtmp:// to another machine: the token travels unprotected
  std::optional<RtmpAddress> rtmp;
};
Expected<PublishTarget> publish_target(std::string_view url);

enum class ViewFormat : std::uint8_t { Cmaf, Jpeg };

// Where `butai watch` connects to: a WebSocket at once, or one that a play tells.
struct WatchTarget {
  std::string socket_url;  // empty: ask plays_url first
  std::string plays_url;   // POST /api/v1/plays
  std::string channel;
  // /t/TOKEN/…: the address itself says who may watch.
  bool signed_path() const;
};
// ws(s)://HOST/[t/TOKEN/]live/CHANNEL/ws is taken as it is; http(s)://HOST[/watch/CHANNEL] needs a
// play. `channel` wins over the path; without both it is main.
Expected<WatchTarget> watch_target(std::string_view url, std::string_view channel,
                                   ViewFormat format);
// The answer's "ws" is an absolute URL or a path at the server that was asked.
Expected<std::string> socket_of_play(std::string_view plays_url, std::string_view ws,
                                     ViewFormat format);

// Where licenses of a channel are asked for, from the address of its socket: beside /live, behind the same
// signed path.
Expected<std::string> license_beside(std::string_view socket_url);

}  // namespace butai::client
