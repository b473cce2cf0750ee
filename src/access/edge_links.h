// Addresses that a cache or CDN checks by itself: media of one channel, for five minutes, signed in the form
// that nginx's secure_link reads. They stand in playlists, which come from us and are asked about every
// time; whoever may no longer fetch playlists is dark at the edge when the last address he had has expired.
//   /t/e-NAME-EXPIRES-MD5/live/CHANNEL/…    MD5 of "EXPIRES CHANNEL SECRET", base64url
// NAME says which secret: two are valid at a time, so that they can be changed.
// Flow:   [cdn] key -> right() -> hls_writer, dash_writer -> player -> edge (-> AccessGuard -> good())
// Thread: any, constant after start.
// Limits: kEdgeLife.
// Spec:   nginx ngx_http_secure_link_module (secure_link_md5); DESIGN decision 6.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "access/refusal.h"
#include "base/problem.h"
#include "base/time.h"

namespace butai::access {

struct EdgeKey {
  std::string name;    // a to z and digits, at most 8
  std::string secret;  // 32 bytes at least
};
// "NAME:SECRET"; nothing when it is not that.
std::optional<EdgeKey> parse_edge_key(std::string_view text);

class EdgeLinks {
 public:
  // `previous`: what it signed is good until it expires. Without `key` nothing is signed.
  explicit EdgeLinks(std::optional<EdgeKey> key = {}, std::optional<EdgeKey> previous = {})
      : key_(std::move(key)), previous_(std::move(previous)) {}

  bool any() const { return key_.has_value(); }
  // "e-NAME-EXPIRES-MD5", good for kEdgeLife from `when` on and at most a minute longer; the same for
  // all who ask within that minute, on every node.
  std::string right(std::string_view channel, Utc when) const;
  // Of a path token: whether it is one of these at all, and whether it opens media of the channel now.
  static bool is_one(std::string_view token) { return token.starts_with("e-"); }
  std::expected<void, Refusal> check(std::string_view token, std::string_view channel,
                                     Utc now) const;

 private:
  std::optional<EdgeKey> key_, previous_;
};

}  // namespace butai::access
